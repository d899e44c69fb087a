import { expect, test } from 'vitest';
import type { Observation } from '../../../../../src/cluster/model/observation.ts';
import { nodeCertificateWarnings } from '../../../../../src/cluster/plan/nodes/node-certificates.ts';
import { statusOf } from '../../../../../src/cluster/plan/status.ts';
import { emptyNode } from '../../../../../src/cluster/plan/steps/node-effects.ts';
import { converged, specOf } from '../../../../support/clusters.ts';

const spec = specOf(['m0'], { bootstrapped: true });
const NOW = Date.parse('2026-11-21T00:00:00Z');

function having(expires: string | null): Observation {
  const inside = { ...emptyNode, provisioned: true, servingCertificateExpires: expires };
  const machine = {
    name: 'n0',
    zone: 'local-a',
    state: 'running' as const,
    internalIp: '',
    externalIp: null,
    inside,
  };
  const whole = converged(spec);
  return { ...whole, nodes: { ...whole.nodes, machines: [machine] } };
}

test.each([
  [null, []],
  ['2026-12-21T00:00:00Z', []],
  ['2026-12-20T23:00:00Z', ['n0: its certificates expire in 29 days']],
  ['2026-11-21T00:00:00Z', ['n0: its certificates expire in 0 days']],
  ['2026-11-20T00:00:00Z', ['n0: its certificates have expired']],
])('a node whose certificate ends at %s', (expires, says) => {
  const remedy = { to: 'renew them', command: 'renew', cluster: 'demo' };
  const expected = says.map((words) => ({ says: words, remedy }));
  expect(nodeCertificateWarnings(spec, having(expires), NOW)).toEqual(expected);
  expect(statusOf(spec, having(expires), NOW).warnings).toEqual(expect.arrayContaining(expected));
});
