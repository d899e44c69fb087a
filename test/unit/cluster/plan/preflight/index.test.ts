import { describe, expect, test } from 'vitest';
import { sayWarning } from '../../../../../src/cli/output/remedy.ts';
import type { Observation } from '../../../../../src/cluster/model/observation.ts';
import { warningsOf } from '../../../../../src/cluster/plan/health.ts';
import { withReplacements } from '../../../../../src/cluster/plan/spec-changes.ts';
import { statusOf } from '../../../../../src/cluster/plan/status.ts';
import { simulate } from '../../../../../src/cluster/plan/step.ts';
import type { Inside } from '../../../../../src/replicas/revision/inspect.ts';
import { converged, lines, planFor, specOf } from '../../../../support/clusters.ts';

const spec = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);
const grown = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c', 'm3@local-a']);
const healthy = converged(spec);
const NOW = Date.parse('2026-11-25T00:00:00Z');

function withInsides(change: (name: string) => Partial<Inside>): Observation {
  return {
    ...healthy,
    machines: healthy.machines.map((m) => ({ ...m, inside: { ...m.inside!, ...change(m.name) } })),
  };
}

const alarm: Observation = {
  ...healthy,
  etcd: { ...healthy.etcd, alarms: [{ member: 'm1', alarm: 'NOSPACE' }] },
};
const ahead = (seconds: Readonly<Record<string, number>>) =>
  withInsides((name) => ({ clockAheadSeconds: seconds[name] ?? 0 }));

describe('before anything is begun', () => {
  test.each([
    ["etcd's alarm", alarm, /alarm \(NOSPACE on m1\): it refuses every write/],
    [
      'certificates that end within the operation',
      withInsides((name) => ({ certificateSecondsLeft: name === 'm2' ? 600 : 1e7 })),
      /certificates of m2 have expired/,
    ],
    [
      "the operator's clock",
      ahead({ m0: -7200, m1: -7201, m2: -7199 }),
      /the operator's clock is 2 h 0 min ahead of the machines'/,
    ],
    ["a machine's clock", ahead({ m1: 600 }), /the clock of m1 is 10 min ahead of the operator's/],
    ['a full /run', withInsides(() => ({ freeKib: { '/run': 4 } })), /m0: \/run is full/],
    [
      'a disk that is nearly full',
      withInsides(() => ({ freeKib: { '/var/lib/haup': 50_000 } })),
      /nearly full \(49 MiB/,
    ],
    [
      'admission that refuses leases',
      { ...healthy, refusedWrites: ['leases: admission webhook "no.example.com" denied the request'] },
      /leases: admission webhook "no\.example\.com" denied/,
    ],
  ] as const)('%s is named with the cure, and nothing is', (_, o, words) => {
    const plan = planFor(grown, o);
    expect(lines(plan)).toEqual([]);
    expect(plan.blocked[0]!.message).toMatch(words);
    expect(plan.blocked[0]!.advice).not.toBe('');
    // A cluster that is as it should be is no less so: it is warned.
    expect(statusOf(spec, o, NOW)).toMatchObject({ converged: true });
  });

  test('the alarm is the first warning, with the cure', () => {
    expect(sayWarning(warningsOf(spec, alarm, NOW)[0]!, {})).toMatch(
      /^etcd has raised an alarm .* disarm: docs\/runbooks\/etcd-alarm\.md$/,
    );
    const alarms = [{ member: 'm1', alarm: 'CORRUPT' }];
    const [corrupt] = warningsOf(spec, { ...healthy, etcd: { ...healthy.etcd, alarms } }, NOW);
    expect(sayWarning(corrupt!, { store: '/s' })).toMatch(/: haup replace-replica -c demo --store \/s m\d$/);
  });

  test('small differences and enough space are in nobody’s way', () => {
    const o = withInsides(() => ({
      clockAheadSeconds: 20,
      freeKib: { '/run': 50_000, '/var/lib/haup': 1e6 },
    }));
    expect(planFor(grown, o).blocked).toEqual([]);
    expect(warningsOf(spec, o, NOW)).toEqual([]);
  });

  test('deleting asks nobody', () => {
    expect(planFor({ ...spec, deleting: true }, alarm).blocked).toEqual([]);
  });
});

describe('certificates that have expired', () => {
  const expired = {
    ...withInsides(() => ({ certificateSecondsLeft: -60, apiServer: 'unready' as const })),
    etcd: { readable: false, quorum: 'unknown' as const, members: [] },
  };

  test('are renewed by repair over SSH alone, with neither etcd nor the API', () => {
    const plan = planFor(spec, expired, { revive: true });
    expect(lines(plan)).toEqual(['renew-certificates m0', 'renew-certificates m1', 'renew-certificates m2']);
  });

  test('are warned of as such, with the command that mends them', () => {
    const o = withInsides(() => ({
      certificateSecondsLeft: -60,
      certificateExpires: '2026-11-24T00:00:00Z',
    }));
    expect(sayWarning(warningsOf(spec, o, NOW)[0]!, {})).toBe(
      'm0: its certificates have expired; renew them: haup repair -c demo',
    );
  });
});

describe('a living leaver', () => {
  const replaced = withReplacements(spec, ['m1'], () => 'm3');
  function stateBefore(kind: string): Observation {
    let o = healthy;
    for (const { step } of planFor(replaced, healthy).steps) {
      if (step.kind === kind) return o;
      o = simulate(step, o);
    }
    throw new Error(`no step ${kind}`);
  }

  test('goes only when its successor wholly works, controllers too', () => {
    const ready = stateBefore('stop-controllers');
    const o: Observation = {
      ...ready,
      machines: ready.machines.map((m) =>
        m.name === 'm3' ? { ...m, inside: { ...m.inside!, controllers: 'stopped' } } : m,
      ),
    };
    const plan = planFor(replaced, o);
    expect(lines(plan)).toEqual([]);
    expect(plan.blocked[0]).toMatchObject({
      passing: true,
      message: expect.stringContaining('m1 stays until m3 wholly works'),
    });
    expect(lines(planFor(replaced, ready))[0]).toBe('stop-controllers m1');
  });
});

test('clocks that are apart are told first, also when nobody can look at etcd because of them', () => {
  const o: Observation = {
    ...ahead({ m0: -7200, m1: -7200, m2: -7200 }),
    etcd: { readable: false, quorum: 'unknown', members: [] },
  };
  expect(planFor(grown, o).blocked[0]!.message).toMatch(/the operator's clock is 2 h 0 min ahead/);
});
