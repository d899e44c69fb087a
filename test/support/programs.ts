import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBinaries } from '../../src/artifacts/ensure.ts';
import { DEFAULT_KUBERNETES_VERSION, defaultEtcdVersion } from '../../src/artifacts/versions.ts';
import { waitFor } from '../../src/util/wait.ts';
import { freePort } from './free-port.ts';

/** Programs that run until {@link Programs.end}, in a folder of their own. `HAUP_TEST_LOUD=1` shows what they say. */
export interface Programs {
  readonly folder: string;
  start(path: string, flags: Readonly<Record<string, string | number>>): ChildProcess;
  end(): Promise<void>;
}

export async function programs(name: string): Promise<Programs> {
  const folder = await mkdtemp(join(tmpdir(), `haup-${name}-`));
  const running: ChildProcess[] = [];
  return {
    folder,
    start(path, flags) {
      const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
      const errors = process.env.HAUP_TEST_LOUD ? 'inherit' : 'ignore';
      const child = spawn(path, args, { cwd: folder, stdio: ['ignore', 'ignore', errors] });
      running.push(child);
      return child;
    },
    async end() {
      await Promise.all(running.map(killed));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Kills a process, if it still runs, and waits for its end. */
export async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
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
  t.start(join(await masterPrograms(), 'etcd'), {
    'data-dir': join(t.folder, 'etcd'),
    'listen-client-urls': url,
    'advertise-client-urls': url,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': `default=${peerUrl}`,
    'unsafe-no-fsync': 'true',
  });
  await waitFor(async () => ((await fetch(`${url}/health`)).ok ? true : undefined), {
    what: 'etcd',
    timeoutMs: 60_000,
  });
  return url;
}
