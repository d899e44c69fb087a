import type { ReplicaConfig } from '../../../src/replicas/config.ts';
import { replicaFiles } from '../../../src/replicas/provision/files.ts';
import { sha256 } from '../../../src/replicas/revision/revision.ts';

/** The two sections of its answer that say what is on a machine, as the script of inspect.ts prints them. */
export function revisionAnswer(config: ReplicaConfig): { files: string; digests: string } {
  const all = replicaFiles(config);
  const files = all
    .filter(({ path }) => /^pki\/.*(\.crt|\.conf|sa\.pub)$/.test(path))
    .map(({ path, content }) => `# ${path}\n${path.endsWith('.conf') ? embedded(content) : content}`);
  const digests = all
    .filter(({ path }) => !path.startsWith('pki/') || /(sa|ca)\.key$/.test(path))
    .map(({ path, content }) => `${sha256(content)}  ${path.replace(/^units\//, '/etc/systemd/system/')}\n`);
  return {
    files: files.join(''),
    digests: `${digests.join('')}${sha256(config.encryptionKeys[0]!.secret)}  -\n`,
  };
}

/** The certificate of a kubeconfig, in base64. */
function embedded(kubeconfig: string): string {
  return `${/client-certificate-data: *"?([A-Za-z0-9+/=]+)/.exec(kubeconfig)![1]}\n`;
}
