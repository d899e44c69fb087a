import { ProviderError } from '../../../src/providers/errors.ts';
import type { ClusterIdentity, Provider } from '../../../src/providers/provider.ts';
import { type Crash, CrashError } from '../shared/faults.ts';
import { SimulatedRealizer } from '../shared/simulated.ts';
import { type AwsCloud, type CloudOptions, openCloud } from './cloud.ts';
import { cluster, connect, Operator } from './harness.ts';
import { type Delays, tagValue } from './world.ts';

/** Short, and still each longer than nothing: fewer looks, the same order of things. */
export const briskDelays: Delays = {
  consistency: 3_000,
  pending: 4_000,
  stopping: 4_000,
  staleState: 2_000,
  shuttingDown: 4_000,
  interfaceRelease: 8_000,
  provisioning: 6_000,
  setSubnets: 4_000,
  freeAddress: 3_000,
  initial: 5_000,
  draining: 5_000,
  deleteBalancer: 3_000,
};

const first = 'demo-master';
const second = 'demo-master-two';

/** The whole life of a cluster in steps, each of which can be called again. */
const chapters: readonly (readonly [string, (o: Operator, p: Provider) => Promise<void>])[] = [
  ['create', (o, p) => o.create(p)],
  ['grow', (o, p) => o.machine(p, second, `${o.cloud.region}b`)],
  ['promote', (o, p) => o.promote(p, [first, second])],
  ['relocate', (o, p) => relocate(o, p)],
  ['demote', (o, p) => o.demote(p, second)],
  ['remove', (o, p) => o.remove(p, first)],
  ['delete', (o, p) => o.delete(p)],
];

/** The zone of the address goes out of order without a word of AWS's, and the address moves to another. */
async function relocate(o: Operator, p: Provider): Promise<void> {
  const { lost } = o.cloud.world;
  if (lost.size === 0) await o.cloud.loseZone((await p.address.read())!.zone!, false);
  await o.promote(p, [first, second]);
  const address = await p.address.read();
  if (address?.lost || !address?.zone || lost.has(address.zone))
    throw new Error(`the address is in ${address?.zone}: ${address?.lost}; lost: ${[...lost]}`);
}

export interface Telling {
  readonly cloud: AwsCloud;
  readonly identity: ClusterIdentity;
  /** Errors that a user would have seen, by chapter. */
  readonly seen: { readonly chapter: string; readonly error: ProviderError }[];
}

/**
 * Tells the story in a cloud that `disturb` has prepared. A process that fails or dies is followed by another, which
 * begins its chapter again: what `haup repair` does.
 */
export async function tell(
  disturb: (cloud: AwsCloud) => { crash?: Crash } | undefined,
  options: CloudOptions = {},
): Promise<Telling> {
  const cloud = await openCloud({ delays: briskDelays, pageSize: 0, ...options });
  const identity = cluster(cloud, { uid: '0123456789abcdef' });
  const operator = new Operator(cloud, identity);
  const seen: Telling['seen'] = [];
  let { crash } = disturb(cloud) ?? {};
  let provider = connect(cloud, identity, crash ? { crash } : {});
  for (const [chapter, act] of chapters) {
    for (let attempt = 0; ; attempt++) {
      try {
        await act(operator, provider);
        break;
      } catch (error) {
        if (attempt >= 8) throw new Error(`${chapter} never succeeds`, { cause: error });
        if (error instanceof ProviderError) {
          seen.push({ chapter, error });
          if (error.kind !== 'transient') operator.attempt++;
        } else if (!(error instanceof CrashError)) throw error;
        if (crash?.happened) crash = undefined;
        await provider.close();
        provider = connect(cloud, identity, crash ? { crash } : {});
      }
    }
    const auditor = connect(cloud, identity);
    await audit(cloud, identity, auditor, chapter);
    await auditor.close();
  }
  await provider.close();
  return { cloud, identity, seen };
}

/** What must hold after each chapter: nothing twice, the address where it belongs, everyone reachable. */
async function audit(
  cloud: AwsCloud,
  { uid }: ClusterIdentity,
  provider: Provider,
  chapter: string,
): Promise<void> {
  const { world } = cloud;
  await cloud.clock.sleep(world.delays.consistency);
  const live = [...world.instances.values()].filter(
    (one) => one.state !== 'terminated' && one.state !== 'shutting-down',
  );
  const names = live.map((one) => tagValue(one, 'haup-replica'));
  const expected: Record<string, readonly string[]> = {
    create: [first],
    grow: [first, second],
    promote: [first, second],
    relocate: [first, second],
    demote: [first, second],
    remove: [second],
    delete: [],
  };
  same(`machines after ${chapter}`, names.sort(), [...expected[chapter]!].sort());
  if (chapter === 'delete') {
    same('left after delete', cloud.left(uid), []);
    await cloud.clock.sleep(300_000); // what the cloud itself still had to do
    const { realizer } = world.options;
    if (realizer instanceof SimulatedRealizer) same('addresses left', [...realizer.addresses], []);
    same('machines of the realizer left', world.options.realizer.machines(), []);
    return;
  }
  if (!(await provider.network.ready())) await provider.network.ensure(); // as the loop would
  const apiAddresses = [...world.addresses.values()].filter((one) => tagValue(one, 'haup-role') === 'api');
  same(`API addresses after ${chapter}`, apiAddresses.length, 1);
  const unreachable = (await provider.machines.list()).filter((machine) => machine.sshHost === null);
  same(`unreachable after ${chapter}`, unreachable, []);
  const holder = (await provider.address.read())?.holder;
  const holders: Record<string, unknown> = {
    create: { kind: 'machine', name: first },
    grow: { kind: 'machine', name: first },
    promote: { kind: 'balancer' },
    relocate: { kind: 'balancer' },
    demote: { kind: 'machine', name: second },
    remove: { kind: 'machine', name: second },
  };
  same(`holder after ${chapter}`, holder, holders[chapter]);
  const balancers = chapter === 'promote' || chapter === 'relocate' ? 1 : 0;
  same(`balancers after ${chapter}`, [world.balancers.size, world.targetGroups.size], [balancers, balancers]);
}

function same(what: string, is: unknown, should: unknown): void {
  if (JSON.stringify(is) !== JSON.stringify(should))
    throw new Error(`${what}: ${JSON.stringify(is)} instead of ${JSON.stringify(should)}`);
}

export async function end({ cloud }: Telling): Promise<void> {
  await cloud.close();
}
