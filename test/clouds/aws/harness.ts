import { randomBytes } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { openIn } from '../../../src/providers/aws/index.ts';
import type { ClusterIdentity, Provider, ProviderSettings } from '../../../src/providers/provider.ts';
import { seeded } from '../../support/seeded.ts';
import { Crash } from '../shared/faults.ts';
import { SimulatedRealizer } from '../shared/simulated.ts';
import type { AwsCloud } from './cloud.ts';
import { addressesOf } from './elb-balancers.ts';

export function cluster(cloud: AwsCloud, more: Partial<ClusterIdentity> = {}): ClusterIdentity {
  return {
    name: 'demo',
    uid: randomBytes(8).toString('hex'),
    region: cloud.region,
    zone: `${cloud.region}a`,
    apiPort: 443,
    ...more,
  };
}

export interface ProcessOptions {
  readonly settings?: ProviderSettings;
  /** Dies there, as a killed process would. */
  readonly crash?: Crash;
  readonly signal?: AbortSignal;
  readonly accessKey?: string;
  readonly seed?: number;
  readonly podRange?: string;
  /** What its host reaches; by default what anybody does. */
  readonly reach?: (host: string) => Promise<boolean>;
}

/** A haup process at the cloud: the real provider and the real SDK, with simulated time. */
export function connect(cloud: AwsCloud, identity: ClusterIdentity, options: ProcessOptions = {}): Provider {
  const { crash = new Crash(Number.POSITIVE_INFINITY, 'before') } = options;
  return openIn(
    {
      cluster: identity,
      settings: { sshFrom: ['203.0.113.7'], allowFrom: ['198.51.100.0/24'], ...options.settings },
      signal: options.signal ?? new AbortController().signal,
      progress: () => {},
      binariesFolder: '/nonexistent',
      cacheFolder: '/nonexistent',
      environment: {},
      ...(options.podRange === undefined ? {} : { podRange: options.podRange }),
    },
    {
      clock: cloud.clock,
      reach: options.reach ?? ((host) => reaches(cloud, host)),
      random: seeded(options.seed ?? 1),
      around: (send) => crash.around(() => cloud.clock.busy(send)),
      client: {
        endpoint: cloud.url,
        credentials: {
          accessKeyId: options.accessKey ?? cloud.accessKey,
          secretAccessKey: 'secret-of-the-tests',
        },
      },
    },
  );
}

async function reaches({ world }: AwsCloud, host: string): Promise<boolean> {
  const { realizer } = world.options;
  if (!(realizer instanceof SimulatedRealizer)) return true;
  const addresses = isIPv4(host) ? [host] : addressesOf(world, host);
  return addresses.some((ip) => realizer.routeOf(ip) !== null);
}

export const bootScript = '#!/bin/sh\ntrue\n';

/** A script as haup would run it: each function makes sure of its end state and can be called again. */
export class Operator {
  readonly cloud: AwsCloud;
  readonly identity: ClusterIdentity;
  /** Changes with every new attempt at a machine, as the store's counter does. */
  attempt = 0;

  constructor(cloud: AwsCloud, identity: ClusterIdentity) {
    this.cloud = cloud;
    this.identity = identity;
  }

  async machine(p: Provider, name: string, zone: string): Promise<void> {
    if (!(await p.network.ready())) await p.network.ensure();
    const present = (await p.machines.list()).find((machine) => machine.name === name);
    if (present?.state === 'running') return;
    if (present) return void (await p.machines.start(name));
    await p.machines.create({
      name,
      zone,
      role: 'master',
      bootScript,
      requestToken: `${this.identity.uid}-${name}-${this.attempt}`,
    });
  }

  /** The first master, holding the API address. */
  async create(p: Provider, zone = this.identity.zone): Promise<void> {
    if (!(await p.network.ready())) await p.network.ensure();
    await p.address.reserve();
    await this.machine(p, 'demo-master', zone);
    const address = await p.address.read();
    if (address?.holder.kind !== 'machine')
      await p.address.handOver({ kind: 'machine', name: 'demo-master' });
  }

  async promote(p: Provider, replicas: readonly string[]): Promise<void> {
    const zones = (await p.machines.list()).filter((m) => replicas.includes(m.name)).map((m) => m.zone);
    const seen = await p.balancer.read();
    if (!seen?.complete) await p.balancer.ensure([...new Set(zones)]);
    const state = await p.balancer.read();
    const targets =
      state?.targets.filter((target) => target.health === 'healthy').map((target) => target.replica) ?? [];
    if (targets.join() !== [...replicas].sort().join()) await p.balancer.setTargets([...replicas]);
    const address = await p.address.read();
    if (address?.holder.kind !== 'balancer' || address.lost) await p.address.handOver({ kind: 'balancer' });
  }

  async demote(p: Provider, name: string): Promise<void> {
    const address = await p.address.read();
    if (address?.holder.kind !== 'machine' || address.holder.name !== name)
      await p.address.handOver({ kind: 'machine', name });
    if (await p.balancer.read()) await p.balancer.delete();
  }

  async remove(p: Provider, name: string): Promise<void> {
    if ((await p.machines.list()).some((machine) => machine.name === name)) await p.machines.delete(name);
  }

  async delete(p: Provider): Promise<void> {
    for (const machine of await p.machines.list()) await p.machines.delete(machine.name);
    if (await p.balancer.read()) await p.balancer.delete();
    if (await p.address.read()) await p.address.release();
    await p.network.delete();
  }
}

/** The longest time, in ms, for which packets to `ip` went nowhere, since `from`. */
export function gapSince(realizer: SimulatedRealizer, ip: string, from: number): number {
  let longest = 0;
  let away: number | null = null;
  for (const { at, to } of realizer.moves.filter((move) => move.ip === ip)) {
    if (to === null) away ??= at;
    else {
      if (away !== null && at >= from) longest = Math.max(longest, at - Math.max(away, from));
      away = null;
    }
  }
  return away === null ? longest : Number.POSITIVE_INFINITY;
}
