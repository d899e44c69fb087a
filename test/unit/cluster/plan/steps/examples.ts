import type { Observation } from '../../../../../src/cluster/model/observation.ts';
import type { Step, StepOfKind } from '../../../../../src/cluster/plan/steps/index.ts';
import { withNodes } from '../../../../../src/cluster/plan/steps/node-effects.ts';
import { converged, planFor, powerOff, specOf } from '../../../../support/clusters.ts';

const nodes = [{ name: 'n0', zone: 'local-a' }];
const spec = specOf(['m0@local-a', 'm1@local-b', 'm2@local-c'], {
  nodes,
  usedNames: ['m0', 'm1', 'm2', 'n0'],
});
const masters = withNodes(converged({ ...spec, nodes: [] }), { routes: [], serviceNodes: [], objects: [] });
const whole = powerOff(planFor(spec, masters).end, 'm2');
const wound = { blow: 'isolate', machine: 'm2' } as const;

/** Three masters, of which m2 has lost its power, and a node; the balancer has a name, and a drill has cut m2 off. */
export const before: Observation = {
  ...whole,
  balancer: whole.balancer && { ...whole.balancer, dnsName: 'LB.example' },
  remembered: { ...whole.remembered, drill: { namespace: 'drill', wounds: [wound] } as never },
};

/** One of each kind. */
export const examples: { readonly [K in Step['kind']]: StepOfKind<K> } = {
  'ensure-network': { kind: 'ensure-network' },
  'reserve-address': { kind: 'reserve-address' },
  'create-machine': { kind: 'create-machine', replica: 'm3', zone: 'local-b' },
  'start-machine': { kind: 'start-machine', replica: 'm2' },
  provision: { kind: 'provision', replica: 'm1' },
  'renew-certificates': { kind: 'renew-certificates', replica: 'm1' },
  'refresh-certificates': {
    kind: 'refresh-certificates',
    replica: 'm1',
    files: ['apiserver.crt', 'scheduler.conf'],
  },
  'stage-release': { kind: 'stage-release', replica: 'm1', change: 'c1' },
  'change-release': { kind: 'change-release', replica: 'm1', change: 'c1', cost: 'api-server' },
  'put-back': { kind: 'put-back', replica: 'm2', change: 'c1', etcd: true },
  'finish-change': { kind: 'finish-change' },
  'bootstrap-etcd': { kind: 'bootstrap-etcd', replica: 'm1' },
  'add-learner': { kind: 'add-learner', replica: 'm3' },
  'start-etcd': { kind: 'start-etcd', replica: 'm2' },
  'restart-etcd': { kind: 'restart-etcd', replica: 'm2' },
  fence: { kind: 'fence', replica: 'm1' },
  'force-new-cluster': { kind: 'force-new-cluster', replica: 'm1' },
  'restore-etcd': { kind: 'restore-etcd', replica: 'm1', backup: 'b1' },
  promote: { kind: 'promote', replica: 'm2' },
  'move-leader': { kind: 'move-leader', replica: 'm0', to: 'm1' },
  'remove-member': { kind: 'remove-member', replica: 'm0', member: 'planned-m0' },
  'start-control-plane': { kind: 'start-control-plane', replica: 'm2' },
  'keep-addons': { kind: 'keep-addons', replica: 'm1' },
  'stop-controllers': { kind: 'stop-controllers', replica: 'm1' },
  'stop-api-server': { kind: 'stop-api-server', replica: 'm1' },
  'name-balancer': { kind: 'name-balancer', replica: 'm1' },
  'ensure-balancer': { kind: 'ensure-balancer', zones: ['local-a', 'local-b'] },
  'set-targets': { kind: 'set-targets', targets: ['m0', 'm2'] },
  'hand-over': { kind: 'hand-over', to: { kind: 'machine', name: 'm0' } },
  'delete-balancer': { kind: 'delete-balancer' },
  'delete-machine': { kind: 'delete-machine', replica: 'm1' },
  'set-up-backup': { kind: 'set-up-backup', replica: 'm1', generation: 2 },
  'stop-backup': { kind: 'stop-backup', replica: 'm1' },
  'create-node': { kind: 'create-node', node: 'n1', zone: 'local-b' },
  'start-node': { kind: 'start-node', node: 'n0' },
  'provision-node': { kind: 'provision-node', node: 'n0' },
  'join-node': { kind: 'join-node', node: 'n1' },
  'route-pods': { kind: 'route-pods', node: 'n1', podCidr: '10.244.1.0/24' },
  'connect-pods': { kind: 'connect-pods', node: 'n0', podCidr: '10.244.0.0/24' },
  'renew-node': { kind: 'renew-node', node: 'n0' },
  'set-service-nodes': { kind: 'set-service-nodes', nodes: [] },
  'drain-node': { kind: 'drain-node', node: 'n0', force: false, timeoutSeconds: 300 },
  'delete-node': { kind: 'delete-node', node: 'n0' },
  'forget-node': { kind: 'forget-node', node: 'n0' },
  'undo-fault': { kind: 'undo-fault', blow: 'isolate', machine: 'm2' },
  'clear-drill': { kind: 'clear-drill', namespace: 'drill' },
  'release-address': { kind: 'release-address' },
  'delete-network': { kind: 'delete-network' },
};

/** What is another after than it was: `machines.m1.inside.etcd: disabled`. Things in lists go by their names. */
export function changes(was: unknown, is: unknown, path = ''): string[] {
  if (JSON.stringify(was) === JSON.stringify(is)) return [];
  if (!isThing(was) || !isThing(is))
    return [`${path}: ${isThing(is) ? 'new' : is === undefined ? 'gone' : String(is)}`];
  const [a, b] = [parts(was), parts(is)];
  const names = [...new Set([...a.keys(), ...b.keys()])];
  return names.flatMap((name) => changes(a.get(name), b.get(name), path ? `${path}.${name}` : name)).sort();
}

function isThing(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function parts(thing: object): Map<string, unknown> {
  const { isArray } = Array;
  return new Map(
    Object.entries(thing).map(([key, each]) => [isArray(thing) ? nameOf(each, key) : key, each]),
  );
}

function nameOf(thing: unknown, index: string): string {
  if (!isThing(thing)) return index;
  const { name, replica, destination } = thing as Record<string, string | undefined>;
  return name ?? replica ?? destination ?? index;
}
