import { programsOf } from '../artifacts/sources.ts';
import { digest, installRelease } from '../replicas/release.ts';
import type { Waiting } from '../replicas/waiting.ts';
import type { Session } from '../ssh/session.ts';
import type { NodeConfig } from './config.ts';
import { nodeFiles } from './files.ts';
import { inspectHost } from './host.ts';
import type { NodeMarker } from './marker.ts';

/** The distribution's packages that a node needs besides an SSH server, by a program of each. */
const PACKAGES = { runc: 'runc', nft: 'nftables', modprobe: 'kmod', curl: 'curl' } as const;

/**
 * Makes a machine a node, in one command after one look: packages, programs, certificates, configuration and units are in place and
 * on the disk when this returns, and nothing is started. Can be repeated; the files of a release take effect all at once.
 * @throws ReplicaError when the machine cannot hold it (a full disk, a missing program); SshError
 */
export async function provisionNode(
  session: Session,
  config: NodeConfig,
  waiting: Waiting = {},
): Promise<void> {
  const host = await inspectHost(session, waiting.signal);
  const files = nodeFiles(config, host);
  const { uid, name, apiAddress, kubernetesVersion } = config;
  const marker: NodeMarker = {
    role: 'node',
    uid,
    name,
    digest: digest(files),
    apiAddress,
    kubernetesVersion,
  };
  const programs = programsOf('node');
  await installRelease(
    session,
    { name, files, binaries: config.binaries, programs, marker, prepare: packagesScript() },
    waiting,
  );
}

function packagesScript(): string {
  const missing = Object.entries(PACKAGES).map(
    ([program, name]) => `command -v ${program} >/dev/null || missing="$missing ${name}"`,
  );
  return `missing=
${missing.join('\n')}
[ -z "$missing" ] || {
  apt-get -qq update
  DEBIAN_FRONTEND=noninteractive apt-get -qqy install --no-install-recommends $missing
}`;
}
