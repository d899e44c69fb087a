import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { cachedBinaries, cacheFolder } from '../../../src/artifacts/cache.ts';
import { ensureBinaries, ensureNodeBinaries } from '../../../src/artifacts/ensure.ts';
import { hostArchitecture } from '../../../src/artifacts/sources.ts';
import { DEFAULT_KUBERNETES_VERSION, defaultEtcdVersion } from '../../../src/artifacts/versions.ts';
import type { Status } from '../../../src/cluster/plan/status.ts';
import { pkiPath } from '../../../src/replicas/paths.ts';
import { type PodsOnNodes, podsOnNodes } from '../shared/pods.ts';
import { type RealizedAws, startRealizedAws } from './realized.ts';
import type { Delays } from './world.ts';

const MAIN = new URL('../../../src/cli/main.ts', import.meta.url).pathname;
const release = {
  kubernetesVersion: DEFAULT_KUBERNETES_VERSION,
  etcdVersion: defaultEtcdVersion(DEFAULT_KUBERNETES_VERSION),
  arch: hostArchitecture(),
};
const RESOLVER = new URL('./resolve-balancers.mjs', import.meta.url).href;
/** A command that takes longer hangs: what it has said so far is of more use than the test's own time limit. */
const HANGS_MS = 240_000;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The program itself, at a test cloud with real machines. */
export class Program {
  readonly aws: RealizedAws;
  readonly #home: string;
  readonly #delays: Partial<Delays>;

  private constructor(aws: RealizedAws, home: string, delays: Partial<Delays>) {
    this.aws = aws;
    this.#home = home;
    this.#delays = delays;
  }

  static async start(delays: Partial<Delays>): Promise<Program> {
    const folder = cachedBinaries(cacheFolder(process.env), release);
    if (!existsSync(folder)) await ensureBinaries({ ...release, environment: process.env });
    const { folder: nodeBinariesFolder } = await ensureNodeBinaries({ ...release, environment: process.env });
    const aws = await startRealizedAws({
      binariesFolder: folder,
      nodeBinariesFolder,
      binaries: 'mirrored',
      delays,
    });
    return new Program(aws, await mkdtemp(join(tmpdir(), 'awsx-home-')), delays);
  }

  async close(): Promise<void> {
    await this.aws.close();
    await rm(this.#home, { recursive: true, force: true });
  }

  /** As an operator starts it, with the SDK's usual chain leading to the test cloud. */
  haup(...args: string[]): Promise<Ended> {
    const env = {
      PATH: process.env.PATH ?? '',
      HOME: this.#home,
      HAUP_HOME: this.#home,
      ...this.aws.environment,
      KUBERNETES_PROVIDER: 'aws',
      ...(args[0] === 'create' ? { KUBE_AWS_ZONE: `${this.aws.cloud.region}a` } : {}),
      MULTIZONE: 'true',
      HAUP_CLUSTER: 'awsx',
    };
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, ['--import', 'tsx', '--import', RESOLVER, MAIN, ...args], {
        env,
        timeout: HANGS_MS,
        killSignal: 'SIGKILL',
      });
      let stdout = '';
      let stderr = '';
      child.stdout.on('data', (text) => {
        stdout += text;
      });
      child.stderr.on('data', (text) => {
        stderr += text;
      });
      child.on('error', reject);
      child.on('close', (code) => {
        for (const line of stderr.match(/measured .*/g) ?? [])
          process.stdout.write(`figure: AWS: ${args[0]}: ${line}; delays ${JSON.stringify(this.#delays)}\n`);
        resolve({ code, stdout, stderr });
      });
    });
  }

  async succeeds(...args: string[]): Promise<Ended> {
    const ended = await this.haup(...args);
    expect([args[0], ended.code, ended.code === 0 ? '' : ended.stderr]).toEqual([args[0], 0, '']);
    return ended;
  }

  async status(): Promise<Status> {
    return JSON.parse((await this.haup('status', '-o', 'json')).stdout) as Status;
  }

  /** The first status that is as expected: on a busy host a look may come too late, and the next one in time. */
  async until(expected: object): Promise<Status> {
    let last: Status | undefined;
    const look = async () => {
      last = await this.status();
      return last;
    };
    await expect.poll(look, { timeout: 120_000, interval: 1000 }).toMatchObject(expected);
    return last!;
  }

  /** That a client who comes by the load balancer's name is answered, verified, by each of the masters. */
  async isNamedOn(masters: readonly string[]): Promise<void> {
    const { stdout } = await this.succeeds('kubeconfig', '--endpoint', 'dns');
    const name = /server: https:\/\/([^:\s]+)/.exec(stdout)![1]!;
    expect(name).toMatch(/\.elb\.eu-west-1\.amazonaws\.com$/);
    for (const master of masters) {
      const ask = `curl -sS --max-time 5 -w ' %{http_code}' --cacert ${pkiPath('ca.crt')} --connect-to ::127.0.0.1:443 https://${name}/readyz`;
      const answer = await this.haup('ssh', master, '--', ask);
      expect([master, answer.stdout, answer.code === 0 ? '' : answer.stderr]).toEqual([master, 'ok 200', '']);
    }
  }

  async podsOnNodes(): Promise<PodsOnNodes> {
    const { stdout } = await this.succeeds('kubeconfig');
    return podsOnNodes(stdout, cachedBinaries(cacheFolder(process.env), release), this.#home);
  }

  /** Nothing of any cluster is left, in the cloud or of its machines. */
  isEmpty(): void {
    const { world } = this.aws.cloud;
    const live = [...world.instances.values()].filter((one) => one.state !== 'terminated');
    const left = [
      live,
      ...[world.addresses, world.groups, world.balancers, world.targetGroups].map((all) => [...all]),
    ];
    expect(left.map((all) => all.length)).toEqual([0, 0, 0, 0, 0]);
    expect(this.aws.machines.machines()).toEqual([]);
  }
}

/** Prints what haup itself measured and said: the longest time without an answer, beside what the cloud's own call takes (ms). */
export function reportGap({ stderr }: Ended, during: 'promotion' | 'demotion', delay: number): void {
  const gap = new RegExp(`measured ${during}: .*longest gap ([\\d.]+ m?s)`).exec(stderr)?.[1];
  expect(gap, stderr).toBeDefined();
  process.stdout.write(
    `figure: AWS, ${during}: longest gap ${gap}, the cloud's own call ${delay / 1000} s\n`,
  );
}
