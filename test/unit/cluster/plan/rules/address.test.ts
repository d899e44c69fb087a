import { describe, expect, test } from 'vitest';
import { nothing, type Observation } from '../../../../../src/cluster/model/observation.ts';
import type { ClusterSpec } from '../../../../../src/cluster/model/spec.ts';
import type { Decision } from '../../../../../src/cluster/plan/decision.ts';
import { isAddressSettled, isGrown, placeAddress } from '../../../../../src/cluster/plan/rules/address.ts';
import { withInside } from '../../../../../src/cluster/plan/steps/effects.ts';
import { type View, view } from '../../../../../src/cluster/plan/view.ts';
import type { ApiAddress } from '../../../../../src/providers/provider.ts';
import { converged, powerOff, specOf } from '../../../../support/clusters.ts';

const one = specOf(['m0@local-a']);
const three = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c']);
const grown = converged(three);
/** Beside the three is m3, which leaves. */
const leaving = converged(specOf(['m0@local-a', 'm1@local-b', 'm2@local-c', 'm3@local-a']));

const nobody = { kind: 'nobody' } as const;
const balancer = { kind: 'balancer' } as const;
const machine = (name: string) => ({ kind: 'machine', name }) as const;
const toBalancer = [{ kind: 'hand-over', to: balancer }];

function see(spec: ClusterSpec, o: Observation): View {
  return view(spec, o, { revive: false });
}
function place(o: Observation, spec = three): Decision {
  return placeAddress(see(spec, o));
}
function heldBy(o: Observation, holder: ApiAddress['holder'], lost: string | null = null): Observation {
  return { ...o, address: { ip: '198.18.0.10', holder, lost } };
}
function targeting(o: Observation, names: readonly string[], healthy = names): Observation {
  const targets = names.map((replica) => ({
    replica,
    health: healthy.includes(replica) ? ('healthy' as const) : ('unhealthy' as const),
  }));
  return { ...o, balancer: { ...o.balancer!, targets } };
}
function unready(o: Observation, ...names: string[]): Observation {
  return names.reduce((after, name) => withInside(after, name, { apiServer: 'unready' }), o);
}
/** Voters whose control plane is still to be started. */
function unstarted(o: Observation, ...names: string[]): Observation {
  return names.reduce((after, name) => withInside(after, name, { apiServer: 'disabled' }), o);
}
function setTargets(...targets: string[]): object[] {
  return [{ kind: 'set-targets', targets }];
}

describe('an API address that nobody holds', () => {
  const none = heldBy(unready(grown, 'm0', 'm1', 'm2'), nobody);

  test('is no trouble while there is a step to take', () => {
    expect(place({ ...none, balancer: null })).toEqual({
      steps: [{ kind: 'ensure-balancer', zones: ['local-a', 'local-b', 'local-c'] }],
      blocked: [],
    });
  });

  test('is no trouble of a cluster that is only being made', () => {
    expect(place(heldBy(nothing, nobody), one)).toEqual({ steps: [], blocked: [] });
  });

  test('is no trouble while one replica serves: others, and its health check, are on their way', () => {
    const growing = targeting(unstarted(heldBy(grown, nobody), 'm1', 'm2'), ['m0'], []);
    expect(place(growing)).toEqual({ steps: [], blocked: [] });
  });

  test('goes to the balancer with the first healthy target, and waits for no other', () => {
    expect(place(targeting(heldBy(grown, nobody), ['m0', 'm1', 'm2'], ['m1'])).steps).toEqual(toBalancer);
    expect(place(targeting(heldBy(grown, machine('m0')), ['m0', 'm1', 'm2'], ['m1'])).steps).toEqual(
      setTargets('m0', 'm1', 'm2'),
    );
  });
});

describe('an API address whose zone is lost', () => {
  test('is moved at once when the balancer had it, even before targets that have to change', () => {
    expect(place(heldBy(targeting(grown, ['m0']), balancer, 'local-a is lost')).steps).toEqual(toBalancer);
  });

  test('goes to the balancer no sooner than ever when a machine had it', () => {
    expect(place(heldBy(targeting(grown, ['m0']), machine('m0'), 'local-a is lost')).steps).toEqual(
      setTargets('m0', 'm1', 'm2'),
    );
  });

  test('is not where the spec wants it', () => {
    expect(isAddressSettled(see(three, heldBy(grown, balancer)))).toBe(true);
    expect(isAddressSettled(see(three, heldBy(grown, balancer, 'local-a is lost')))).toBe(false);
  });
});

describe('the API address', () => {
  test('stays at its machine while a cluster grows, and is asked for by nobody before it is reserved', () => {
    const growing = targeting(unstarted(heldBy(grown, machine('m0')), 'm1', 'm2'), ['m0']);
    expect(place(growing).steps).toEqual([]);
    expect(place({ ...grown, address: null }).steps).toEqual([]);
  });

  test('is settled at the balancer of several, or at the only replica, and nowhere else', () => {
    expect(isAddressSettled(see(three, heldBy(grown, machine('m0'))))).toBe(false);
    expect(isAddressSettled(see(one, heldBy(grown, machine('m0'))))).toBe(true);
    expect(isAddressSettled(see(one, heldBy(grown, machine('m1'))))).toBe(false);
    expect(isAddressSettled(see(one, heldBy(grown, balancer)))).toBe(false);
    expect(isAddressSettled(see(one, { ...grown, address: null }))).toBe(false);
  });
});

describe('the targets of the balancer', () => {
  test('that exist no longer go, but not the last ones of a balancer that clients come by', () => {
    const stale = targeting(unready(grown, 'm0', 'm1', 'm2'), ['m9']);
    expect(place(heldBy(stale, nobody)).steps).toEqual(setTargets());
    expect(place(heldBy(stale, balancer)).steps).toEqual([]);
  });

  test('are changed when as many others serve', () => {
    expect(place(targeting(grown, ['m0', 'm1', 'm9'])).steps).toEqual(setTargets('m0', 'm1', 'm2'));
  });

  test('are never joined by a replica that is not ready', () => {
    expect(place(targeting(unready(grown, 'm1'), ['m0', 'm2'])).steps).toEqual([]);
  });

  test('keep a replica whose machine is stopped, and lose one whose machine is gone', () => {
    const off = powerOff(grown, 'm1');
    expect(place(off).steps).toEqual([]);
    const gone = { ...off, machines: off.machines.filter(({ name }) => name !== 'm1') };
    expect(place(gone).steps).toEqual(setTargets('m0', 'm2'));
  });

  test('keep a leaver until all who serve have come', () => {
    expect(place(targeting(leaving, ['m0', 'm3'])).steps).toEqual(setTargets('m0', 'm1', 'm2', 'm3'));
    expect(place(targeting(leaving, ['m0', 'm1', 'm2', 'm3'])).steps).toEqual(setTargets('m0', 'm1', 'm2'));
  });

  test('keep no leaver for the sake of a replica that is dead', () => {
    const o = targeting(powerOff(leaving, 'm1'), ['m0', 'm2', 'm3']);
    expect(place(o).steps).toEqual(setTargets('m0', 'm2'));
  });

  test('lose a leaver that is dead, whatever is still to come', () => {
    const coming = targeting(unstarted(leaving, 'm1'), ['m0', 'm2', 'm3']);
    expect(place(coming).steps).toEqual([]);
    expect(place(powerOff(coming, 'm3')).steps).toEqual(setTargets('m0', 'm2'));
  });
});

describe('a cluster is grown', () => {
  test('when every healthy voter was started; one that died meanwhile is waited for no longer', () => {
    expect(isGrown(see(three, grown))).toBe(true);
    expect(isGrown(see(three, unstarted(grown, 'm1')))).toBe(false);
    expect(isGrown(see(three, powerOff(unstarted(grown, 'm1'), 'm1')))).toBe(true);
  });
});
