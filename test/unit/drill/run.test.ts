import { beforeEach, expect, test, vi } from 'vitest';
import { drill } from '../../../src/app/drill.ts';
import type { Environment } from '../../../src/app/operations.ts';
import type { HaupEvent } from '../../../src/cluster/loop/events.ts';
import type { DrillRecord, Wound } from '../../../src/cluster/model/drill.ts';
import type { Observation } from '../../../src/cluster/model/observation.ts';
import type { Step } from '../../../src/cluster/plan/step.ts';
import type { Arena } from '../../../src/drill/arena.ts';
import type { Clients } from '../../../src/drill/clients/index.ts';
import { runDrill } from '../../../src/drill/run.ts';
import type { Secrets } from '../../../src/state/store.ts';
import { converged, powerOff, specOf } from '../../support/clusters.ts';
import { listen } from '../../support/listen.ts';

const records = { samples: {}, violations: [], unheard: 0, acknowledged: 0 };
let calm: () => Promise<number>;
let started: () => Promise<Clients>;
const clients = { calm: () => calm(), stop: async () => records } as unknown as Clients;
vi.mock('../../../src/drill/clients/index.ts', async (original) => ({
  ...(await original<object>()),
  startClients: () => started(),
}));

const spec = specOf(['m0@local-a', 'm1@local-a', 'm2@local-b', 'm3@local-b', 'm4@local-c']);
const whole = converged(spec);

let events: HaupEvent[];
let told: string[];
let written: DrillRecord | undefined;

beforeEach(() => {
  events = [];
  told = [];
  written = undefined;
  calm = async () => 0;
  started = async () => clients;
});

/** An arena that tells what is done in it, in order. */
function arenaOf(parts: Partial<Arena>): Arena {
  return {
    spec: () => spec,
    observe: async () => whole,
    api: async () => ({}) as Awaited<ReturnType<Arena['api']>>,
    rememberDrill: async (drill) => {
      written = drill;
    },
    drill: () => written,
    strike: async (wounds) => void told.push(...wounds.map(({ machine }) => `struck ${machine}`)),
    execute: async (step: Step) => {
      told.push(step.kind === 'undo-fault' ? `undone ${step.machine}` : step.kind);
      if (step.kind === 'clear-drill') written = undefined;
    },
    witnessed: {
      etcd: () => Promise.reject(new Error('nobody')),
      address: { read: () => Promise.reject(new Error('nobody')) },
    },
    means: { provider: 'local', power: true, machines: true, balancer: true },
    ...parts,
  };
}

const options = {
  workload: null,
  holdMs: 1,
  wellWithinMs: 1,
  emit: (event: HaupEvent) => void events.push(event),
  signal: new AbortController().signal,
};

test('undoes all blows of an act, also if one has failed', async () => {
  const strike = async (wounds: readonly Wound[]): Promise<void> => {
    told.push(`struck ${wounds.map(({ machine }) => machine).join(' and ')}`);
    throw new Error('the cloud does not answer');
  };
  await expect(runDrill(arenaOf({ strike }), { ...options, acts: ['zone'] })).rejects.toThrow(
    /the cloud does not answer/,
  );
  expect(told).toEqual(['struck m0 and m1', 'undone m0', 'undone m1']);
});

test('ends with what it has seen when the cluster does not get well again, and hurts it no more', async () => {
  let observation: Observation = whole;
  const strike = async ([wound]: readonly Wound[]): Promise<void> => {
    observation = powerOff(whole, wound!.machine!);
  };
  const arena = arenaOf({ strike, observe: async () => observation });
  const seen = await runDrill(arena, { ...options, acts: ['follower-power', 'leader-power'] });
  expect(seen.acts).toMatchObject([{ act: 'follower-power', curedAt: expect.any(Number), wellAt: null }]);
  expect(told.at(-1)).toBe('clear-drill');
  expect(events.filter(({ type }) => type === 'warning')).toMatchObject([
    { message: expect.stringMatching(/^follower-power: .*m4 does not run.*; no other act is played$/) },
  ]);
});

test('keeps what it has seen when the ill cluster does not even take its things away', async () => {
  let observation: Observation = whole;
  const execute = async (step: Step): Promise<void> => {
    if (step.kind === 'clear-drill') throw new Error('no answer');
    observation = powerOff(whole, 'm4');
  };
  const arena = arenaOf({ execute, observe: async () => observation });
  const seen = await runDrill(arena, { ...options, acts: ['follower-power'] });
  expect(seen.acts).toMatchObject([{ wellAt: null }]);
  expect(written).toBeDefined();
});

test("takes away what an earlier drill's clients have left, before its own are written down", async () => {
  written = { namespace: 'haup-drill-old', wounds: [] };
  const cleared: string[] = [];
  const execute = async (step: Step): Promise<void> => {
    if (step.kind === 'clear-drill') cleared.push(`${step.namespace}, known: ${written?.namespace}`);
  };
  await runDrill(arenaOf({ execute }), { ...options, acts: [] });
  expect(cleared).toEqual([
    'haup-drill-old, known: haup-drill-old',
    expect.stringMatching(/^(haup-drill-[0-9a-f]{8}), known: \1$/),
  ]);
});

test('calls all well when the clients found it so, also later than everything else', async () => {
  const { acts } = await runDrill(arenaOf({}), { ...options, acts: ['follower-power'] });
  calm = async () => 60_000;
  const { acts: later } = await runDrill(arenaOf({}), { ...options, acts: ['follower-power'] });
  const [quick, slow] = [...acts, ...later].map(({ curedAt, wellAt }) => wellAt! - curedAt!);
  expect(quick).toBeLessThan(60_000);
  expect(slow).toBeGreaterThanOrEqual(60_000);
});

test('leaves nothing behind when its clients cannot begin, and has hurt nobody', async () => {
  started = () => Promise.reject(new Error('no image'));
  await expect(runDrill(arenaOf({}), { ...options, acts: ['follower-power'] })).rejects.toThrow(/no image/);
  expect(told).toEqual(['clear-drill']);
  expect(written).toBeUndefined();
});

test('does not begin while what is to be asked does not answer', async () => {
  const gone = await listen(() => {});
  await gone.close();
  const workload = new URL(`${gone.url}/healthz?token=secret`);
  const drilled = runDrill(arenaOf({}), { ...options, workload, acts: ['follower-power'] });
  await expect(drilled).rejects.toMatchObject({
    message: expect.stringMatching(
      /^http:\/\/127\.0\.0\.1:\d+\/healthz does not answer as it is: .*ECONNREFUSED/,
    ),
    remedies: [{ setting: 'workload' }],
  });
  expect([told, written]).toEqual([[], undefined]);
});

test('begins no drill that its time limit would end in the middle of an act', () => {
  const request = { cluster: 'demo', goals: [], dryRun: false, holdMs: 600_000 };
  const locked = vi.fn(async () => ({ planned: [], report: null }));
  const env = { locked } as unknown as Environment;
  const begin = (...acts: ('freeze' | 'zone' | 'balancer')[]) =>
    drill(env, {} as Secrets, { ...request, acts }, 1_200_000);
  expect(() => begin('freeze', 'zone')).toThrow(/last 20 min, and the time limit of 20 min/);
  expect(locked).not.toHaveBeenCalled();
  void begin('freeze', 'balancer');
  expect(locked).toHaveBeenCalled();
});
