import { ProviderError } from '../../../src/providers/errors.ts';
import { Crash, CrashError, type Fault } from '../shared/faults.ts';
import { type Attempts, converge, type Wanted } from '../shared/story.ts';
import { clusterNamed, type GceOptions, type Harness } from './harness.ts';
import { deleteManually } from './manual-deletion.ts';

/** One thing that goes wrong at one call. */
export type Trouble =
  | { readonly kind: 'crash'; readonly when: 'before' | 'after' }
  | { readonly kind: 'fault'; readonly fault: Fault; readonly times: number }
  | { readonly kind: 'vanish'; readonly what: string };

const refuse = (status: number, code: string, message: string): Fault => ({
  kind: 'refuse',
  status,
  code,
  message,
});
const failLater = (code: string, message: string): Fault => ({ kind: 'fail-later', code, message });

export const troubles: Readonly<Record<string, Trouble>> = {
  'crash before': { kind: 'crash', when: 'before' },
  'crash after': { kind: 'crash', when: 'after' },
  'connection cut': { kind: 'fault', fault: { kind: 'cut' }, times: 1 },
  'reply lost': { kind: 'fault', fault: { kind: 'lost-reply' }, times: 1 },
  'replies lost': { kind: 'fault', fault: { kind: 'lost-reply' }, times: 4 },
  '503 storm': { kind: 'fault', fault: refuse(503, 'backendError', 'Backend Error'), times: 5 },
  '503 without end': { kind: 'fault', fault: refuse(503, 'backendError', 'Backend Error'), times: 60 },
  '429': { kind: 'fault', fault: refuse(429, 'rateLimitExceeded', 'Rate Limit Exceeded'), times: 3 },
  'rate limit as 403': {
    kind: 'fault',
    fault: refuse(403, 'rateLimitExceeded', 'Rate Limit Exceeded'),
    times: 3,
  },
  denied: {
    kind: 'fault',
    fault: refuse(403, 'forbidden', "Required 'compute.some.thing' permission for 'projects/haup-test'"),
    times: 1,
  },
  'operation ends in an error that passes': {
    kind: 'fault',
    fault: failLater('INTERNAL_ERROR', 'Internal error. Please try again.'),
    times: 1,
  },
  'operation ends in an error': {
    kind: 'fault',
    fault: failLater('QUOTA_EXCEEDED', "Quota 'X' exceeded. Limit: 8.0"),
    times: 1,
  },
  'zone without capacity': {
    kind: 'fault',
    fault: failLater('ZONE_RESOURCE_POOL_EXHAUSTED', 'The zone does not have enough resources available.'),
    times: 1,
  },
  'slow operation': { kind: 'fault', fault: { kind: 'slow', ms: 200_000 }, times: 1 },
  'an instance vanishes': { kind: 'vanish', what: 'instances' },
  'a forwarding rule vanishes': { kind: 'vanish', what: 'forwardingRules' },
  'a firewall rule vanishes': { kind: 'vanish', what: 'firewalls' },
  'the address vanishes': { kind: 'vanish', what: 'addresses' },
};

/** Whether a trouble can show at a call of this method: only what changes something has an operation to fail. */
export function mattersTo(trouble: Trouble, name: string, method: string): boolean {
  if (name === 'zone without capacity') return method === 'instances.insert';
  if (trouble.kind !== 'fault' || (trouble.fault.kind !== 'fail-later' && trouble.fault.kind !== 'slow'))
    return true;
  return !/\.(get|getHealth|list|listInstances|aggregatedList|wait)$/.test(method);
}

/** What there is after each stage of a story, for comparing one run with another. */
interface Footprint {
  readonly paths: readonly string[];
  readonly machines: readonly string[];
  readonly holder: string;
  readonly addresses: number;
}

const cluster = clusterNamed('demo');

/** Runs a story without trouble; the number of its calls and what it leaves after each stage. */
export async function undisturbed(
  gce: Harness,
  options: GceOptions,
  story: readonly Wanted[],
): Promise<{ calls: readonly string[]; footprints: readonly Footprint[] }> {
  gce.reset(options);
  const provider = gce.open({ cluster });
  const footprints: Footprint[] = [];
  for (const wanted of story) {
    await converge(provider, wanted);
    footprints.push(await footprintOf(gce));
  }
  return { calls: gce.cloud.faults.calls.map((call) => call.method), footprints };
}

/**
 * Runs a story with one trouble at one call. A stage that fails is tried again by a new process, as `haup repair` would.
 * @throws Error saying which rule was broken.
 */
export async function disturbed(
  gce: Harness,
  options: GceOptions,
  story: readonly Wanted[],
  trouble: Trouble,
  atCall: number,
  footprints: readonly Footprint[],
): Promise<void> {
  gce.reset(options);
  const { cloud } = gce;
  const crash = trouble.kind === 'crash' ? new Crash(atCall, trouble.when) : undefined;
  if (trouble.kind === 'fault') {
    const { fault, times } = trouble;
    cloud.faults.add({ when: (call) => call.index >= atCall, fault, times });
  }
  let vanished = trouble.kind !== 'vanish';
  if (trouble.kind === 'vanish') {
    cloud.faults.add({
      when(call) {
        if (call.index === atCall && !vanished) {
          vanished = true;
          void vanish(gce, trouble.what);
        }
        return false;
      },
      fault: { kind: 'cut' },
    });
  }
  let provider = gce.open({ cluster, ...(crash ? { crash } : {}) });
  const refused: Attempts = new Map();
  for (const [index, wanted] of story.entries()) {
    let attempts = 0;
    for (;;) {
      try {
        const before = vanished;
        await converge(provider, wanted, refused);
        // What vanishes behind a run's back is for the next one to find.
        if (before === vanished) break;
      } catch (error) {
        if (!(error instanceof ProviderError) && !(error instanceof CrashError)) throw error;
        if (++attempts > 4)
          throw new Error(`stage ${index} does not converge: ${error.message}`, { cause: error });
        provider = gce.open({ cluster });
      }
    }
    const footprint = await footprintOf(gce);
    const expected = footprints[index];
    if (JSON.stringify(footprint) !== JSON.stringify(expected)) {
      throw new Error(
        `stage ${index} leaves ${JSON.stringify(footprint)} instead of ${JSON.stringify(expected)}`,
      );
    }
  }
  const twice = Object.entries(gce.realizer.made).find(
    ([, count]) => count > (trouble.kind === 'vanish' ? 2 : 1),
  );
  if (twice) throw new Error(`${twice[0]} was made ${twice[1]} times`);
}

function footprintOf(gce: Harness): Promise<Footprint> {
  const provider = gce.open({ cluster });
  return gce.cloud.faults.paused(async () => {
    const machines = await provider.machines.list();
    const address = await provider.address.read();
    const bare = machines.find((machine) => machine.sshHost === null);
    if (bare) throw new Error(`${bare.name} has no address`);
    const route = address ? gce.realizer.routeOf(address.ip) : null;
    const holder = address?.holder;
    if (route?.kind !== (holder?.kind === 'nobody' ? undefined : holder?.kind)) {
      throw new Error(`packets go to ${JSON.stringify(route)} while the API says ${JSON.stringify(holder)}`);
    }
    return {
      paths: gce.cloud.store.paths(),
      machines: machines.map((machine) => machine.name),
      holder: JSON.stringify(holder ?? null),
      addresses: gce.realizer.addresses.size,
    };
  });
}

/** Somebody deletes one thing of a kind by hand. */
async function vanish(gce: Harness, what: string): Promise<void> {
  const victim = gce.cloud.store.all(what).find((each) => !each.making && each.deletedBy === null);
  if (victim) await deleteManually(gce.cloud, victim.path);
}
