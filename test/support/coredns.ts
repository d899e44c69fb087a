import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { NODE_VERSIONS } from '../../src/artifacts/versions.ts';
import { waitFor } from '../../src/util/wait.ts';
import { builtOnce } from './built-once.ts';
import type { Programs } from './programs.ts';

/** The CoreDNS of clusters without a registry, which has the plugins that haup's configurations name. */
async function corednsProgram(): Promise<string> {
  const hash = createHash('sha256').update(await readFile('scripts/images/coredns/main.go'));
  const name = `coredns-${NODE_VERSIONS.coredns}-${hash.digest('hex').slice(0, 12)}`;
  const folder = await builtOnce(name, (output) => {
    const args = [
      'scripts/build-node-binaries.sh',
      '--coredns-version',
      NODE_VERSIONS.coredns,
      '--output',
      output,
    ];
    return promisify(execFile)('bash', args, { maxBuffer: 64 * 1024 ** 2 });
  });
  return join(folder, 'coredns');
}

/** Starts a CoreDNS with this configuration, and waits until it answers. */
export async function startCoredns(t: Programs, corefile: string, port: number): Promise<Questions> {
  const path = join(t.folder, `Corefile-${port}`);
  await writeFile(path, corefile);
  t.start(await corednsProgram(), { conf: path, 'dns.port': port });
  const questions = asking(port);
  const answers = async () => {
    const said = await questions('A', 'there.is.nothing.svc.example.com.');
    return /TIMEOUT|CONNREFUSED/.test(said) ? undefined : true;
  };
  await waitFor(answers, { what: 'CoreDNS', timeoutMs: 60_000 });
  return questions;
}

/** Asks a DNS server: its values, sorted, or the code of the refusal (ENOTFOUND: no such name; ENODATA: none of this type). */
export type Questions = (type: 'A' | 'AAAA' | 'CNAME' | 'TXT', name: string) => Promise<string>;

function asking(port: number): Questions {
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  resolver.setServers([`127.0.0.1:${port}`]);
  return async (type, name) => {
    try {
      const values = (await resolver.resolve(name.replace(/\.$/, ''), type)) as readonly (
        | string
        | string[]
      )[];
      return values
        .map((value) => (typeof value === 'string' ? value : value.join('')))
        .sort()
        .join(' ');
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  };
}
