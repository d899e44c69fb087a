import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../../../src/cluster/model/observation.ts';
import { lacksName, nameBalancer } from '../../../../../src/cluster/plan/rules/naming.ts';
import { emptyInside, withInside } from '../../../../../src/cluster/plan/steps/effects.ts';
import { view } from '../../../../../src/cluster/plan/view.ts';
import { converged, specOf } from '../../../../support/clusters.ts';

const dnsName = 'Demo-1.elb.example.com';
const spec = specOf(['m0@local-a', 'm1@local-b']);
const whole = converged(spec);
/** The balancer was made anew, and has another name. */
const renamed = { ...whole, balancer: { ...whole.balancer!, dnsName } };

function named(o: Observation, wanted = spec): string[] {
  return nameBalancer(view(wanted, o, { revive: false })).flatMap((step) =>
    'replica' in step ? [step.replica] : [],
  );
}

describe('the DNS name of the balancer', () => {
  test('is put on every certificate that does not say it, in lower case', () => {
    expect(named(renamed)).toEqual(['m0', 'm1']);
    expect(named(withInside(renamed, 'm0', { certificateNames: [dnsName.toLowerCase()] }))).toEqual(['m1']);
  });

  test('is on no certificate where the balancer has none, or is gone', () => {
    expect(named({ ...whole, balancer: { ...whole.balancer!, dnsName: null } })).toEqual([]);
    expect(named({ ...renamed, balancer: null })).toEqual([]);
  });

  test('waits until the balancer has the address, and until packets reach it there', () => {
    const address = whole.address!;
    for (const holder of [{ kind: 'machine', name: 'm0' }, { kind: 'nobody' }] as const)
      expect(named({ ...renamed, address: { ...address, holder } })).toEqual([]);
    expect(named({ ...renamed, address: null })).toEqual([]);
    expect(named({ ...renamed, address: { ...address, lost: 'its zone is lost' } })).toEqual([]);
  });

  test('is of no use any more once the cluster is to have no balancer', () => {
    expect(named(renamed, specOf(['m0@local-a']))).toEqual([]);
    expect(named(renamed, specOf(['m0@local-a'], { balancer: 'always' }))).toEqual(['m0']);
  });

  test('is not known to lack on a machine that has no certificates yet, or that nobody can look into', () => {
    expect(lacksName({ ...emptyInside, provisioned: true }, dnsName)).toBe(true);
    for (const inside of [emptyInside, null, undefined]) expect(lacksName(inside, dnsName)).toBe(false);
  });
});
