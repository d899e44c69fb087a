import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureBinaries } from '../../src/artifacts/ensure.ts';
import {
  DEFAULT_KUBERNETES_VERSION,
  defaultEtcdVersion,
  NODE_VERSIONS,
} from '../../src/artifacts/versions.ts';
import { waitFor } from '../../src/util/wait.ts';
import { builtOnce } from './built-once.ts';
import { freePort } from './free-port.ts';

/** Programs that run until {@link Programs.end}, in a folder of their own. */
export interface Programs {
  readonly folder: string;
  start(path: string, args: readonly string[]): void;
  end(): Promise<void>;
}

export async function programs(): Promise<Programs> {
  const folder = await mkdtemp(join(tmpdir(), 'haup-dns-'));
  const running: ChildProcess[] = [];
  return {
    folder,
    start(path, args) {
      running.push(
        spawn(path, args, {
          cwd: folder,
          stdio: ['ignore', 'ignore', process.env.HAUP_TEST_LOUD ? 'inherit' : 'ignore'],
        }),
      );
    },
    async end() {
      await Promise.all(
        running.map(async (child) => {
          if (child.exitCode !== null || child.signalCode !== null) return;
          const gone = new Promise((resolve) => child.once('exit', resolve));
          child.kill('SIGKILL');
          await gone;
        }),
      );
      await rm(folder, { recursive: true, force: true });
    },
  };
}

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

/** The folder of etcd and the API server. */
export async function masterPrograms(): Promise<string> {
  const kubernetesVersion = DEFAULT_KUBERNETES_VERSION;
  const etcdVersion = defaultEtcdVersion(kubernetesVersion);
  return (await ensureBinaries({ environment: process.env, kubernetesVersion, etcdVersion })).folder;
}

/** An etcd of one member on loopback, empty, without TLS. @returns its URL */
export async function startEtcd(t: Programs): Promise<string> {
  const [client, peer] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${client}`;
  const peerUrl = `http://127.0.0.1:${peer}`;
  const flags = {
    'data-dir': join(t.folder, 'etcd'),
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': `default=${peerUrl}`,
    'unsafe-no-fsync': 'true',
  };
  t.start(
    join(await masterPrograms(), 'etcd'),
    Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
  );
  await waitFor(async () => ((await fetch(`${url}/health`)).ok ? true : undefined), {
    what: 'etcd',
    timeoutMs: 60_000,
  });
  return url;
}

/** Starts a CoreDNS with this configuration, and waits until it answers. */
export async function startCoredns(t: Programs, corefile: string, port: number): Promise<Questions> {
  const path = join(t.folder, `Corefile-${port}`);
  await writeFile(path, corefile);
  t.start(await corednsProgram(), ['-conf', path, '-dns.port', String(port)]);
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
