import { describe, expect, test } from 'vitest';
import { nothing } from '../../../../../src/cluster/model/observation.ts';
import { simulate } from '../../../../../src/cluster/plan/step.ts';
import { withInside } from '../../../../../src/cluster/plan/steps/effects.ts';
import { kindOf, type Step, stepKinds } from '../../../../../src/cluster/plan/steps/index.ts';
import { ANY_MACHINE } from '../../../../../src/cluster/plan/steps/step-kind.ts';
import type { Revision } from '../../../../../src/replicas/revision/revision.ts';
import { certificateOf, emptyRevision } from '../../../../support/revisions.ts';
import { before, changes, examples } from './examples.ts';

interface Said {
  readonly says: string;
  /** Steps that share one of these never run side by side. */
  readonly touches: readonly string[];
  /** Whether the cloud is looked at again, and the inside of which machine. */
  readonly outdates: readonly [boolean, string | null];
  /** Of `before`. */
  readonly changes: readonly string[];
}

/** All that there is to say of the files of this folder, one of each kind; a kind without a line does not compile. */
const all: { readonly [K in Step['kind']]: Said } = {
  'ensure-network': {
    says: 'set up the network and its rules',
    touches: ['network', 'address'],
    outdates: [true, null],
    changes: [],
  },
  'reserve-address': {
    says: 'reserve the API address',
    touches: ['address'],
    outdates: [true, null],
    changes: ['address.holder.kind: nobody'],
  },
  'create-machine': {
    says: 'create the machine m3 in local-b',
    touches: ['m3'],
    outdates: [true, 'm3'],
    changes: ['machines.m3: new'],
  },
  'start-machine': {
    says: 'start the machine m2',
    touches: ['m2'],
    outdates: [true, 'm2'],
    changes: ['etcd.members.m2.healthy: true', 'machines.m2.inside: new', 'machines.m2.state: running'],
  },
  provision: {
    says: 'provision m1',
    touches: ['m1'],
    outdates: [false, 'm1'],
    changes: ['machines.m1.inside.certificateNames.0: lb.example'],
  },
  'renew-certificates': {
    says: 'renew the certificates of m1',
    touches: ['m1'],
    outdates: [false, 'm1'],
    changes: ['machines.m1.inside.certificateSecondsLeft: 31536000'],
  },
  'refresh-certificates': {
    says: 'renew certificates of m1: apiserver.crt, scheduler.conf',
    touches: ['m1'],
    outdates: [false, 'm1'],
    changes: [],
  },
  'stage-release': {
    says: 'prepare the change of m1, which goes on',
    touches: ['m1'],
    outdates: [false, 'm1'],
    changes: ['machines.m1.inside.staged: c1'],
  },
  'change-release': {
    says: 'change m1 (its API server is stopped, etcd runs on)',
    touches: ['etcd', 'm1'],
    outdates: [false, 'm1'],
    changes: ['machines.m1.inside.change: c1'],
  },
  'put-back': {
    says: 'put m2 back to what it was',
    touches: ['etcd', 'm2'],
    outdates: [false, 'm2'],
    changes: ['etcd.members.m2.healthy: true', 'machines.m2.inside: new'],
  },
  'finish-change': {
    says: 'note that the change is complete',
    touches: ['spec'],
    outdates: [false, null],
    changes: ['changed: true'],
  },
  'bootstrap-etcd': {
    says: 'bootstrap etcd on m1',
    touches: ['etcd', 'm1'],
    outdates: [false, 'm1'],
    changes: ['etcd.members.m0: gone', 'etcd.members.m1.leader: true', 'etcd.members.m2: gone'],
  },
  'add-learner': {
    says: 'add m3 to etcd as a learner',
    touches: ['etcd', 'm3'],
    outdates: [false, null],
    changes: ['etcd.members.m3: new'],
  },
  'start-etcd': {
    says: 'start etcd on m2',
    touches: ['etcd', 'm2'],
    outdates: [false, 'm2'],
    changes: ['etcd.members.m2.healthy: true', 'machines.m2.inside: new'],
  },
  'restart-etcd': {
    says: 'start etcd again on m2',
    touches: ['m2'],
    outdates: [false, 'm2'],
    changes: ['etcd.members.m2.healthy: true', 'machines.m2.inside: new'],
  },
  fence: {
    says: 'stop etcd on m1 for good',
    touches: ['m1'],
    outdates: [false, 'm1'],
    changes: ['machines.m1.inside.etcd: disabled'],
  },
  'force-new-cluster': {
    says: "make m1 a cluster of one (etcd's --force-new-cluster)",
    touches: ['etcd', 'm1'],
    outdates: [false, 'm1'],
    changes: [
      'etcd.members.m0: gone',
      'etcd.members.m1.leader: true',
      'etcd.members.m2: gone',
      'rescued: true',
    ],
  },
  'restore-etcd': {
    says: 'restore etcd on m1 from the backup b1',
    touches: ['etcd', 'm1'],
    outdates: [false, 'm1'],
    changes: [
      'etcd.members.m0: gone',
      'etcd.members.m1.leader: true',
      'etcd.members.m2: gone',
      'rescued: true',
    ],
  },
  promote: {
    says: 'promote m2 to a voter of etcd',
    touches: ['etcd', 'm2'],
    outdates: [false, null],
    changes: ['etcd.members.m2.healthy: true'],
  },
  'move-leader': {
    says: 'move the etcd leadership from m0 to m1',
    touches: ['etcd', 'm0'],
    outdates: [false, null],
    changes: ['etcd.members.m0.leader: false', 'etcd.members.m1.leader: true'],
  },
  'remove-member': {
    says: 'remove m0 from etcd',
    touches: ['etcd', 'm0'],
    outdates: [false, 'm0'],
    changes: ['etcd.members.m0: gone', 'etcd.members.m1.leader: true'],
  },
  'start-control-plane': {
    says: 'start the control plane on m2',
    touches: ['m2'],
    outdates: [false, 'm2'],
    changes: ['machines.m2.inside: new'],
  },
  'keep-addons': {
    says: 'give m1 the add-ons',
    touches: ['addons', 'm1'],
    outdates: [false, 'm1'],
    changes: [],
  },
  'stop-controllers': {
    says: 'stop controller manager and scheduler on m1',
    touches: ['m1'],
    outdates: [false, 'm1'],
    changes: ['machines.m1.inside.controllers: disabled'],
  },
  'stop-api-server': {
    says: 'drain and stop the API server on m1',
    touches: ['m1'],
    outdates: [false, 'm1'],
    changes: ['machines.m1.inside.apiServer: disabled'],
  },
  'name-balancer': {
    says: "put the load balancer's DNS name on the certificate of m1",
    touches: ['m1'],
    outdates: [false, 'm1'],
    changes: ['machines.m1.inside.certificateNames.0: lb.example'],
  },
  'ensure-balancer': {
    says: 'build the load balancer in local-a, local-b',
    touches: ['balancer'],
    outdates: [true, null],
    changes: [],
  },
  'set-targets': {
    says: "set the load balancer's targets to m0, m2",
    touches: ['balancer'],
    outdates: [true, null],
    changes: ['balancer.targets.m1: gone'],
  },
  'hand-over': {
    says: 'move the API address to m0',
    touches: ['address', 'balancer'],
    outdates: [true, null],
    changes: ['address.holder.kind: machine', 'address.holder.name: m0'],
  },
  'delete-balancer': {
    says: 'delete the load balancer',
    touches: ['balancer'],
    outdates: [true, null],
    changes: ['address.holder.kind: nobody', 'balancer: null'],
  },
  'delete-machine': {
    says: 'delete the machine m1',
    touches: ['m1'],
    outdates: [true, 'm1'],
    changes: ['machines.m1: gone'],
  },
  'set-up-backup': {
    says: 'set up backups on m1',
    touches: ['m1'],
    outdates: [false, 'm1'],
    changes: ['machines.m1.inside.backup: new'],
  },
  'stop-backup': {
    says: 'stop backups on m1',
    touches: ['m1'],
    outdates: [false, 'm1'],
    changes: [],
  },
  'create-node': {
    says: 'create the machine n1 in local-b',
    touches: ['n1'],
    outdates: [true, 'n1'],
    changes: ['nodes.machines.n1: new'],
  },
  'start-node': {
    says: 'start the machine n0',
    touches: ['n0'],
    outdates: [true, 'n0'],
    changes: [],
  },
  'provision-node': {
    says: 'provision n0',
    touches: ['n0'],
    outdates: [false, 'n0'],
    changes: [],
  },
  'join-node': {
    says: 'let n1 join the cluster',
    touches: ['n1', 'route n1'],
    outdates: [true, 'n1'],
    changes: ['nodes.objects.n1: new', 'nodes.routes.planned-n1: new'],
  },
  'route-pods': {
    says: 'route 10.244.1.0/24 to n1',
    touches: ['route n1'],
    outdates: [true, 'n1'],
    changes: ['nodes.routes.10.244.1.0/24: new'],
  },
  'connect-pods': {
    says: 'connect the pods of n0',
    touches: ['n0'],
    outdates: [false, 'n0'],
    changes: ['nodes.machines.n0.inside.podCidr: 10.244.0.0/24'],
  },
  'renew-node': {
    says: 'renew the certificates of n0',
    touches: ['n0'],
    outdates: [false, 'n0'],
    changes: [
      'nodes.machines.n0.inside.servingCertificateBegins: 9000-01-01T00:00:00Z',
      'nodes.machines.n0.inside.servingCertificateExpires: 9999-01-01T00:00:00Z',
      'nodes.machines.n0.inside.servingCertificateSecondsLeft: 31525372800',
    ],
  },
  'set-service-nodes': {
    says: "let Services' external addresses lead to no node",
    touches: ['service-nodes'],
    outdates: [true, null],
    changes: ['nodes.serviceNodes.0: gone'],
  },
  'drain-node': {
    says: 'drain n0',
    touches: ['n0'],
    outdates: [false, null],
    changes: ['nodes.objects.n0.cordoned: true', 'nodes.objects.n0.podsToMove: 0'],
  },
  'delete-node': {
    says: 'delete the machine n0',
    touches: ['n0', 'route n0'],
    outdates: [true, 'n0'],
    changes: ['nodes.machines.n0: gone', 'nodes.routes.planned-n0: gone'],
  },
  'forget-node': {
    says: 'remove the node n0 from the API',
    touches: ['n0'],
    outdates: [false, null],
    changes: ['nodes.objects.n0: gone'],
  },
  'undo-fault': {
    says: 'reconnect m2 again after the drill',
    touches: ['m2'],
    outdates: [true, 'm2'],
    changes: [
      'etcd.members.m2.healthy: true',
      'machines.m2.inside: new',
      'machines.m2.state: running',
      'remembered.drill.wounds.0: gone',
    ],
  },
  'clear-drill': {
    says: "remove what the drill's clients wrote (namespace drill)",
    touches: ['drill'],
    outdates: [false, null],
    changes: ['remembered.drill: gone'],
  },
  'release-address': {
    says: 'release the API address',
    touches: ['address'],
    outdates: [true, null],
    changes: ['address: null'],
  },
  'delete-network': {
    says: 'delete the network rules',
    touches: ['network'],
    outdates: [true, null],
    changes: ['network: false', 'remembered.networkDeleted: true'],
  },
};

const kinds = Object.keys(stepKinds) as Step['kind'][];

describe('a step', () => {
  test.each(kinds)('%s says what it does, works on, outdates and changes', (kind) => {
    const step = examples[kind];
    const { describe: say, touches, outdates } = kindOf(step);
    const { cloud, inside } = outdates(step);
    expect({
      says: say(step),
      touches: touches(step),
      outdates: [cloud, inside],
      changes: changes(before, simulate(step, before)),
    }).toEqual(all[kind]);
  });

  test.each(kinds)(
    '%s can be done where nothing is, leaves what it was given, and done again does no more',
    (kind) => {
      const step = examples[kind];
      for (const given of [before, nothing]) {
        const was = JSON.stringify(given);
        const once = simulate(step, given);
        expect(JSON.stringify(given)).toBe(was);
        // Each adds one, and is planned only where there is none.
        if (kind !== 'add-learner' && kind !== 'create-node')
          expect(changes(once, simulate(step, once))).toEqual([]);
      }
    },
  );
});

describe('where nothing is yet', () => {
  test('the network comes, the address is nobody’s, and a balancer has no targets', () => {
    expect(simulate({ kind: 'ensure-network' }, nothing).network).toBe(true);
    expect(simulate({ kind: 'reserve-address' }, nothing).address?.holder).toEqual({ kind: 'nobody' });
    const made = simulate({ kind: 'ensure-balancer', zones: ['local-a'] }, nothing);
    expect(made.balancer).toEqual({ name: '', dnsName: null, targets: [], complete: true });
    expect(simulate({ kind: 'set-targets', targets: ['m0'] }, nothing).balancer).toBeNull();
  });
});

describe('the certificates of a replica', () => {
  const revision = {
    ...emptyRevision,
    certificates: [
      certificateOf('a.crt', '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z'),
      certificateOf('b.crt', '2026-01-01T00:00:00Z', '2028-01-01T00:00:00Z'),
    ],
  };
  const ends = { certificateExpires: '2027-01-01T00:00:00Z', certificateSecondsLeft: 100 };
  const refresh = (known: object) =>
    simulate(
      { kind: 'refresh-certificates', replica: 'm1', files: ['a.crt'] },
      withInside(before, 'm1', { revision, ...ends, ...known }),
    ).machines.find(({ name }) => name === 'm1')!.inside!;

  test('that are renewed end after all others, of which the first one counts from then on', () => {
    const { certificateExpires, certificateSecondsLeft, revision: after } = refresh({});
    expect(after?.certificates.map(({ notAfter }) => notAfter.slice(0, 4))).toEqual(['9999', '2028']);
    expect(certificateExpires).toBe('2028-01-01T00:00:00Z');
    expect(certificateSecondsLeft).toBe(100 + 365 * 86_400);
  });

  test.each([{ revision: null }, { certificateExpires: null }, { certificateSecondsLeft: null }])(
    'that nobody has seen whole are left unknown: %j',
    (unknown) => {
      expect(refresh(unknown)).toMatchObject({ ...{ revision }, ...ends, ...unknown });
    },
  );
});

describe('add-ons that are given to a master', () => {
  const revision = (configuration: Revision['configuration']) => ({ ...emptyRevision, configuration });
  const has = withInside(before, 'm1', { revision: revision({ 'addons/old.json': 'a', 'units/x': 'b' }) });
  const wanted = { m1: revision({ 'addons/new.json': 'c', 'units/x': 'other' }) };
  const added = (o: typeof before) =>
    simulate({ kind: 'keep-addons', replica: 'm1' }, o).machines.find(({ name }) => name === 'm1')?.inside
      ?.revision;

  test('take the place of those that it had, and of nothing else', () => {
    expect(added({ ...has, wanted })?.configuration).toEqual({ 'addons/new.json': 'c', 'units/x': 'b' });
  });

  test('change nothing that is known where it is not known what they are, or what is there', () => {
    expect(added(has)?.configuration).toEqual({ 'addons/old.json': 'a', 'units/x': 'b' });
    expect(added({ ...before, wanted })).toBeNull();
  });
});

describe('a machine that is started', () => {
  const inside = (o: typeof before, name: string) =>
    o.machines.find((machine) => machine.name === name)?.inside;

  test('runs what was meant to run on it, and nothing else', () => {
    const drained = withInside(before, 'm1', {
      apiServer: 'disabled',
      controllers: 'disabled',
      etcd: 'stopped',
    });
    expect(inside(simulate({ kind: 'start-machine', replica: 'm1' }, drained), 'm1')).toMatchObject({
      ...{ etcd: 'running', apiServer: 'disabled', controllers: 'disabled' },
    });
    const fenced = withInside(before, 'm1', {
      etcd: 'disabled',
      apiServer: 'unready',
      controllers: 'stopped',
    });
    expect(inside(simulate({ kind: 'start-machine', replica: 'm1' }, fenced), 'm1')).toMatchObject({
      ...{ etcd: 'disabled', apiServer: 'ready', controllers: 'running' },
    });
  });

  test('that could not be looked into was whole if it voted, and empty if it did not', () => {
    const started = (o: typeof before) => inside(simulate({ kind: 'start-machine', replica: 'm2' }, o), 'm2');
    expect(started(before)).toMatchObject({ provisioned: true, etcdData: true, apiServer: 'ready' });
    const members = before.etcd.members.map((member) => ({ ...member, learner: member.name === 'm2' }));
    const learner = { ...before, etcd: { ...before.etcd, members } };
    expect(started(learner)).toMatchObject({ provisioned: false, etcdData: false, apiServer: 'disabled' });
  });

  test('is the one that was meant, and no other', () => {
    const off = before.machines.map((machine) => ({ ...machine, state: 'stopped' as const, inside: null }));
    const after = simulate({ kind: 'start-machine', replica: 'm2' }, { ...before, machines: off });
    expect(after.machines.map(({ name, state }) => [name, state])).toEqual([
      ['m0', 'stopped'],
      ['m1', 'stopped'],
      ['m2', 'running'],
    ]);
  });

  test('as a node is known to be one only if the API knows it', () => {
    const started = (o: typeof before) =>
      simulate({ kind: 'start-node', node: 'n0' }, o).nodes.machines.find(({ name }) => name === 'n0')
        ?.inside;
    expect(started(before)).toMatchObject({ provisioned: true, kubelet: 'running' });
    const unknown = { ...before, nodes: { ...before.nodes, objects: [] } };
    expect(started(unknown)).toMatchObject({ provisioned: false, kubelet: 'disabled' });
  });
});

describe('a drill’s wounds are healed by what each of them needs', () => {
  const undo = (blow: 'kill-api-server' | 'kill-balancer' | 'power-off', machine: string | null) =>
    kindOf({ kind: 'undo-fault', blow, machine }).describe({ kind: 'undo-fault', blow, machine });

  test('said in plain words', () => {
    expect(undo('kill-balancer', null)).toBe('start the load balancer again after the drill');
    expect(undo('kill-api-server', 'm1')).toBe('start the API server of m1 again after the drill');
    expect(undo('power-off', 'm1')).toBe('start m1 again after the drill');
  });

  test('and only the one that was healed is forgotten', () => {
    const wounds = [
      { blow: 'kill-api-server', machine: 'm1' },
      { blow: 'kill-api-server', machine: 'm0' },
      { blow: 'power-off', machine: 'm1' },
    ] as const;
    const { drill } = before.remembered;
    const hurt = withInside(
      { ...before, remembered: { ...before.remembered, drill: { ...drill!, wounds } } },
      ...(['m1', { apiServer: 'unready' }] as const),
    );
    const after = simulate({ kind: 'undo-fault', blow: 'kill-api-server', machine: 'm1' }, hurt);
    expect(after.remembered.drill?.wounds).toEqual([wounds[1], wounds[2]]);
    expect(after.machines.find(({ name }) => name === 'm1')?.inside?.apiServer).toBe('ready');
    const balancer = simulate({ kind: 'undo-fault', blow: 'kill-balancer', machine: null }, nothing);
    expect(balancer.balancer?.complete).toBe(true);
  });
});

describe('what one example does not show', () => {
  const say = <S extends Step>(step: S) => kindOf(step).describe(step);
  const insideOf = (o: typeof before, name: string) =>
    o.machines.find((machine) => machine.name === name)?.inside;

  test('the address that goes to the balancer: its name is put on the certificates of all targets that can be looked into', () => {
    const step = { kind: 'hand-over', to: { kind: 'balancer' } } as const;
    expect(say(step)).toBe('move the API address to the load balancer');
    expect(kindOf(step).outdates(step)).toEqual({ cloud: true, inside: ANY_MACHINE });
    const after = simulate(step, before);
    expect(after.machines.map(({ inside }) => inside?.certificateNames)).toEqual([
      ['lb.example'],
      ['lb.example'],
      undefined,
    ]);
  });

  test('a cluster of one is ready where its API server only lacked a leader', () => {
    const forced = (apiServer: 'unready' | 'disabled') =>
      simulate(
        { kind: 'force-new-cluster', replica: 'm1' },
        withInside(withInside(before, 'm0', { apiServer: 'ready' }), 'm1', { apiServer }),
      );
    expect(insideOf(forced('unready'), 'm1')?.apiServer).toBe('ready');
    expect(insideOf(forced('disabled'), 'm1')?.apiServer).toBe('disabled');
  });

  test('a replica that is put back has its etcd started only if the change was in it', () => {
    const stopped = withInside(before, 'm1', { etcd: 'stopped' });
    const put = (etcd: boolean) => simulate({ kind: 'put-back', replica: 'm1', change: 'c1', etcd }, stopped);
    expect([insideOf(put(true), 'm1')?.etcd, insideOf(put(false), 'm1')?.etcd]).toEqual([
      'running',
      'stopped',
    ]);
    const ill = {
      ...stopped,
      etcd: {
        ...stopped.etcd,
        members: stopped.etcd.members.map((m) => ({ ...m, healthy: m.name === 'm0' })),
      },
    };
    const healthy = (etcd: boolean) =>
      simulate({ kind: 'put-back', replica: 'm1', change: 'c1', etcd }, ill).etcd.members[1]?.healthy;
    expect([healthy(true), healthy(false)]).toEqual([true, false]);
  });

  test('who does not lead takes no leadership along', () => {
    const { members } = simulate({ kind: 'remove-member', replica: 'm1', member: 'planned-m1' }, before).etcd;
    expect(members.map(({ name, leader }) => [name, leader])).toEqual([
      ['m0', true],
      ['m2', false],
    ]);
  });

  test('who leads goes on leading when another is removed', () => {
    const members = before.etcd.members.map((m) => ({ ...m, healthy: true, leader: m.name === 'm2' }));
    const o = { ...before, etcd: { ...before.etcd, members } };
    const after = simulate({ kind: 'remove-member', replica: 'm0', member: 'planned-m0' }, o).etcd;
    expect(after.members.map(({ name, leader }) => [name, leader])).toEqual([
      ['m1', false],
      ['m2', true],
    ]);
  });

  test('a newcomer differs from what is wanted as the others do, but for its certificates', () => {
    const revision = {
      ...{ ...emptyRevision, kubernetesVersion: 'v1' },
      certificates: [{ file: 'a.crt' } as never],
    };
    const seen = withInside(before, 'm0', { revision, change: 'c1' });
    const wanted = { m0: { ...revision, kubernetesVersion: 'v2' } };
    const provisioned = (o: typeof before) => simulate({ kind: 'provision', replica: 'm1' }, o);
    const after = provisioned({ ...seen, wanted });
    expect(insideOf(after, 'm1')).toMatchObject({
      change: 'c1',
      revision: { kubernetesVersion: 'v1', certificates: [] },
    });
    expect(after.wanted?.m1).toMatchObject({ kubernetesVersion: 'v2', certificates: [] });
    expect(after.wanted?.m0).toBe(wanted.m0);
    // Nothing is made up where one side is not known, nor from itself.
    expect(insideOf(provisioned(seen), 'm1')?.revision).toBeNull();
    expect(insideOf(provisioned({ ...before, wanted }), 'm1')?.revision).toBeNull();
    const alone = withInside(before, 'm1', { revision });
    expect(provisioned({ ...alone, wanted: { m1: wanted.m0 } }).wanted?.m1).toBe(wanted.m0);
  });

  test('a node that joins, and a route that is made, twice are there once', () => {
    const twice = (step: Step) => simulate(step, simulate(step, before)).nodes;
    const joined = twice({ kind: 'join-node', node: 'n1' });
    expect(joined.objects?.map(({ name }) => name)).toEqual(['n0', 'n1']);
    expect(joined.routes?.map(({ machine }) => machine)).toEqual(['n0', 'n1']);
    const route = { kind: 'route-pods', node: 'n1', podCidr: '10.244.1.0/24' } as const;
    expect(twice(route).routes).toHaveLength(2);
  });

  test('what is none, or not known yet, has a word', () => {
    expect(say({ kind: 'set-targets', targets: [] })).toBe("set the load balancer's targets to none");
    expect(say({ kind: 'set-service-nodes', nodes: ['n0', 'n1'] })).toBe(
      "let Services' external addresses lead to n0, n1",
    );
  });

  test('a replica that is changed in place says so, and its API server has to be started again', () => {
    const change = { kind: 'change-release', replica: 'm1', change: 'c1', inPlace: true } as const;
    expect(say({ ...change, cost: 'api-server' })).toBe(
      'change m1 (its API server starts again, etcd runs on)',
    );
    expect(say({ ...change, cost: 'etcd' })).toBe('change m1 (etcd and its API server start again)');
    expect(say({ kind: 'change-release', replica: 'm1', change: 'c1', cost: 'etcd' })).toBe(
      'change m1 (etcd starts again)',
    );
    const left = (step: Step) => insideOf(simulate(step, before), 'm1')?.apiServer;
    expect(left({ ...change, cost: 'api-server' })).toBe('stopped');
    expect(left(examples['change-release'])).toBe('ready');
  });

  test('a node that is given other authorities says so', () => {
    const becomes = { trust: ['a'], servingIssuer: 'b', clientIssuer: 'c' };
    expect(say({ kind: 'renew-node', node: 'n0', becomes })).toBe(
      'give n0 other authorities and certificates, its pods run on',
    );
  });

  test('a newcomer is like the first other of which anything is known', () => {
    const revision = { ...emptyRevision, kubernetesVersion: 'v1' };
    const seen = withInside(withInside(before, 'm0', { revision: null }), 'm1', { revision });
    const wanted = { m1: { ...revision, kubernetesVersion: 'v2' } };
    const after = simulate({ kind: 'provision', replica: 'm2' }, { ...seen, wanted });
    expect(insideOf(after, 'm2')?.revision).toMatchObject({ kubernetesVersion: 'v1' });
  });

  test('a machine that starts and that etcd does not know was empty', () => {
    const members = before.etcd.members.filter(({ name }) => name !== 'm2');
    const o = { ...before, etcd: { ...before.etcd, members } };
    const after = simulate({ kind: 'start-machine', replica: 'm2' }, o);
    expect(insideOf(after, 'm2')).toMatchObject({ provisioned: false, etcd: 'disabled' });
  });

  test('an API server that was killed by a drill is started alone', () => {
    const hurt = withInside(before, 'm1', { apiServer: 'stopped', controllers: 'stopped' });
    const after = simulate({ kind: 'undo-fault', blow: 'kill-api-server', machine: 'm1' }, hurt);
    expect(insideOf(after, 'm1')).toMatchObject({ apiServer: 'ready', controllers: 'stopped' });
  });

  test('a node that a drill has hurt comes back as a node', () => {
    const machines = before.nodes.machines.map((m) =>
      m.name === 'n0' ? { ...m, state: 'stopped' as const, inside: null } : m,
    );
    const hurt = { ...before, nodes: { ...before.nodes, machines } };
    const after = simulate({ kind: 'undo-fault', blow: 'power-off', machine: 'n0' }, hurt);
    expect(after.nodes.machines.find(({ name }) => name === 'n0')).toMatchObject({
      state: 'running',
      inside: { kubelet: 'running' },
    });
    expect(after.machines).toEqual(before.machines);
  });
});
