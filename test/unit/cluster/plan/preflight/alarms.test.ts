import { expect, test } from 'vitest';
import type { Observation } from '../../../../../src/cluster/model/observation.ts';
import { alarmed, cureOf, noAlarm } from '../../../../../src/cluster/plan/preflight/alarms.ts';
import { view } from '../../../../../src/cluster/plan/view.ts';
import { converged, lines, planFor, powerOff, specOf } from '../../../../support/clusters.ts';

const spec = specOf(['m0', 'm1']);
const healthy = converged(spec);
const look = (observation: Observation) => view(spec, observation, { revive: false });

function withAlarms(...alarms: readonly { readonly member: string; readonly alarm: string }[]) {
  return look({ ...healthy, etcd: { ...healthy.etcd, alarms } });
}

test('no alarm stops nothing', () => {
  expect(noAlarm(withAlarms())).toBeUndefined();
  expect(noAlarm(look(healthy))).toBeUndefined();
});

test('without a quorum an alarm stops nothing: it can be taken back by nobody', () => {
  const alarms = [{ member: 'm1', alarm: 'NOSPACE' }];
  const etcd = { ...healthy.etcd, readable: false, alarms };
  expect(noAlarm(look({ ...healthy, etcd }))).toBeUndefined();
  // Whoever brings it back is not refused for what may stand then.
  const three = specOf(['m0', 'm1', 'm2']);
  const off = powerOff(converged(three), 'm1', 'm2');
  const plan = planFor(three, { ...off, etcd: { ...off.etcd, alarms } }, { revive: true });
  expect(lines(plan)).toEqual(lines(planFor(three, off, { revive: true })));
  expect(plan.blocked).toEqual([]);
});

test('a full etcd refuses writes, a corrupt member does not', () => {
  expect(alarmed([{ member: 'm1', alarm: 'CORRUPT' }])).toBe('etcd has raised an alarm (CORRUPT on m1)');
  expect(
    alarmed([
      { member: 'm1', alarm: 'CORRUPT' },
      { member: 'm0', alarm: 'NOSPACE' },
    ]),
  ).toBe('etcd has raised an alarm (CORRUPT on m1, NOSPACE on m0): it refuses every write');
});

test('the cure is that of the first alarm: a full etcd is emptied, a corrupt member replaced', () => {
  expect(noAlarm(withAlarms({ member: 'm1', alarm: 'NOSPACE' }))!.advice).toMatch(/etcd-alarm\.md$/);
  const corrupt = noAlarm(withAlarms({ member: 'm1', alarm: 'CORRUPT' }, { member: 'm0', alarm: 'NOSPACE' }));
  expect(corrupt!.advice).toEqual(cureOf('CORRUPT', 'm1', 'demo'));
  expect(corrupt!.advice).toMatchObject({ command: 'replace-replica', cluster: 'demo', replicas: ['m1'] });
});
