import { describe, expect, it } from 'vitest';
import { describeAvailability } from '../../../src/cli/output/availability.ts';
import { renderPlan } from '../../../src/cli/output/plan.ts';
import { renderStatus } from '../../../src/cli/output/status.ts';
import { style, truncate, width } from '../../../src/cli/output/style.ts';
import { renderSummary } from '../../../src/cli/output/summary.ts';
import { elapsed } from '../../../src/cli/output/time.ts';
import type { Step } from '../../../src/cluster/plan/step.ts';
import { outcome, planOf, standingOf, statusOf } from './fake.ts';

const plain = style({ colour: false });
const colourful = style({ colour: true });

const create: Step = { kind: 'create-machine', replica: 'demo-master', zone: 'local-a' };
const reserve: Step = { kind: 'reserve-address' };

describe('a plan', () => {
  it("shows etcd's standing before and after each step, once where nothing changes", () => {
    const plan = planOf([], {
      steps: [
        {
          step: { kind: 'add-learner', replica: 'b' },
          before: standingOf(1),
          after: standingOf(1, { learners: 1 }),
        },
        {
          step: { kind: 'promote', replica: 'b' },
          before: standingOf(1, { learners: 1 }),
          after: standingOf(2),
        },
        {
          step: { kind: 'promote', replica: 'c' },
          before: standingOf(2, { learners: 1 }),
          after: standingOf(3, { survivesAnyZone: true }),
        },
        {
          step: { kind: 'delete-machine', replica: 'd' },
          before: standingOf(3, { healthy: 2 }),
          after: standingOf(3),
        },
      ],
      warnings: ['two replicas are worse than one'],
      interruption: { expectedSeconds: 2.04, worstSeconds: 30, note: 'Connections are cut.' },
    });
    expect(renderPlan('demo', plan, plain)).toEqual([
      'demo: 4 steps; nothing was changed',
      '  #  STEP                          VOTERS             QUORUM  TOLERATES  SURVIVES ANY',
      '  1  add b to etcd as a learner    1 → 1 + 1 learner  1       0          –',
      '  2  promote b to a voter of etcd  1 + 1 learner → 2  1 → 2   0          –',
      '  3  promote c to a voter of etcd  2 + 1 learner → 3  2       0 → 1      – → machine or zone',
      '  4  delete the machine d          3 (2 healthy) → 3  2       1          machine',
      '',
      'The API address moves: clients are without it for about 2 s, at worst 30 s. Connections are cut.',
      'warning: two replicas are worse than one',
    ]);
  });

  it('that is refused says how far it would get, why it stops, and the way out', () => {
    const plan = planOf([reserve], { blocked: [{ message: 'b is dead', advice: 'haup fault power-on b' }] });
    expect(renderPlan('demo', plan, plain).slice(-4)).toEqual([
      '',
      'The API address does not move.',
      'refused: b is dead',
      '  haup fault power-on b',
    ]);
    expect(renderPlan('demo', plan, plain)[0]).toBe('demo: 1 step, then refused; nothing was changed');
  });

  it('without steps is nothing to do', () => {
    expect(renderPlan('demo', planOf([]), plain)).toEqual(['demo: nothing to do']);
  });
});

describe('a status', () => {
  it('of one master', () => {
    expect(renderStatus(statusOf(), plain)).toEqual([
      'demo  local local, Kubernetes v1.37.1, etcd v3.7.3',
      'API   https://198.18.0.10:443, held by demo-master',
      'etcd  1 voter, 1 healthy, quorum 1: tolerates no failure',
      '',
      'REPLICA      ZONE     MACHINE  API SERVER  ETCD    INTERNAL  EXTERNAL     CERTIFICATE UNTIL',
      'demo-master  local-a  running  ready       leader  10.1.0.2  198.18.0.10  2027-11-20',
    ]);
  });

  it('of a hurt cluster behind a balancer', () => {
    const [healthy] = statusOf().replicas;
    const dead = {
      ...healthy!,
      name: 'demo-master-k2x',
      zone: 'local-b',
      machine: 'stopped',
      apiServer: 'unreachable',
      externalIp: null,
      certificateExpires: null,
      etcd: { id: '2', role: 'follower', healthy: false, unknown: false },
    } as const;
    const status = statusOf({
      multizone: true,
      apiAddress: { ip: '198.18.0.10', port: 443, holder: { kind: 'balancer', name: 'demo' } },
      loadBalancer: {
        name: 'demo',
        targets: [
          { replica: 'demo-master', health: 'healthy' },
          { replica: 'demo-master-k2x', health: 'unhealthy' },
        ],
      },
      replicas: [healthy!, dead],
      etcd: {
        voters: 3,
        learners: 1,
        quorum: 2,
        healthy: 1,
        failuresTolerated: 0,
        quorumIs: 'lost' as const,
        alarms: [],
      },
      unfinished: ['delete the machine x'],
      warnings: ['demo-master-k2x is stopped'],
    });
    expect(renderStatus(status, plain)).toEqual([
      'demo  local local, multizone, Kubernetes v1.37.1, etcd v3.7.3',
      'API   https://198.18.0.10:443, held by the load balancer (1 of 2 healthy)',
      'etcd  3 voters and 1 learner, 1 healthy, quorum 2: no quorum',
      '',
      'REPLICA          ZONE     MACHINE  API SERVER   ETCD                 TARGET     INTERNAL  EXTERNAL     CERTIFICATE UNTIL',
      'demo-master      local-a  running  ready        leader               healthy    10.1.0.2  198.18.0.10  2027-11-20',
      'demo-master-k2x  local-b  stopped  unreachable  follower, unhealthy  unhealthy  10.1.0.2  –            –',
      '',
      'unfinished (haup repair -c demo finishes it):',
      '  delete the machine x',
      '',
      'warnings:',
      '  demo-master-k2x is stopped',
      'next: haup rescue -c demo starts what can be started, and asks before anything is lost for ever',
    ]);
  });

  it('of a replica that is down says what to type, while etcd has its quorum', () => {
    const [healthy] = statusOf().replicas;
    const down = { ...healthy!, name: 'demo-master-k2x', machine: 'stopped' as const };
    const etcd = {
      voters: 3,
      learners: 0,
      quorum: 2,
      healthy: 2,
      failuresTolerated: 0,
      quorumIs: 'held' as const,
      alarms: [],
    };
    const lines = renderStatus(statusOf({ replicas: [healthy!, down], etcd }), plain);
    expect(lines.slice(-2)).toEqual([
      'next: haup repair -c demo starts again what can be started;',
      '      haup replace-replica -c demo demo-master-k2x replaces it',
    ]);
    const lost = statusOf({
      replicas: [healthy!, down],
      etcd: { ...etcd, healthy: 1, quorumIs: 'lost' as const },
    });
    expect(renderStatus(lost, plain).join('\n')).not.toContain('replace-replica');
  });

  it('of an API server that is not ready, or an address that nobody holds, names the repair', () => {
    const [replica] = statusOf().replicas;
    const unready = statusOf({ replicas: [{ ...replica!, apiServer: 'unready' }] });
    const held = { ip: '198.18.0.10', port: 443, holder: { kind: 'nobody', name: null } } as const;
    for (const status of [unready, statusOf({ apiAddress: held })]) {
      expect(renderStatus(status, plain).at(-1)).toBe(
        'next: haup repair -c demo starts again what can be started',
      );
    }
    expect(renderStatus(statusOf(), plain).at(-1)).not.toContain('next');
  });

  it('while a haup is at work says who, and advises no repair', () => {
    const operation = {
      doing: 'haup add-replica',
      pid: 7,
      user: 'root',
      host: 'vm',
      since: '2026-11-21T03:04:05.000Z',
    };
    const busy = statusOf({ operation, converged: false, unfinished: ['provision demo-master-k2x'] });
    const lines = renderStatus(busy, plain);
    expect(lines[3]).toBe('busy  haup add-replica since 03:04:05 (pid 7 of root on vm)');
    expect(lines.slice(-2)).toEqual(['unfinished:', '  provision demo-master-k2x']);
    expect(lines.join('\n')).not.toContain('haup repair');
  });

  it('with no member of etcd that answers claims nothing about the members', () => {
    const [healthy] = statusOf().replicas;
    const etcd = { id: null, role: 'missing', healthy: false, unknown: false } as const;
    const silent = statusOf({
      replicas: [{ ...healthy!, machine: 'stopped', etcd }],
      etcd: {
        voters: 0,
        learners: 0,
        quorum: 1,
        healthy: 0,
        failuresTolerated: 0,
        quorumIs: 'lost' as const,
        alarms: [],
      },
    });
    const lines = renderStatus(silent, plain);
    expect(lines[2]).toBe('etcd  no member answers: no quorum');
    expect(lines[5]).toMatch(/^demo-master +local-a +stopped +ready +\? +10\.1\.0\.2/);
  });

  it('on a narrow terminal leaves out addresses and dates, never what is well and what is not', () => {
    const head = (columns: number) => renderStatus(statusOf(), plain, columns)[4];
    expect(head(200)).toMatch(/INTERNAL +EXTERNAL +CERTIFICATE UNTIL$/);
    expect(head(79)).toMatch(/ETCD +INTERNAL +EXTERNAL$/);
    expect(head(20)).toMatch(/MACHINE +API SERVER +ETCD$/);
  });

  it('of an address that nobody holds, or that is not there', () => {
    const apiAddress = { ip: '198.18.0.10', port: 6443, holder: { kind: 'nobody', name: null } } as const;
    expect(renderStatus(statusOf({ apiAddress }), plain)[1]).toBe(
      'API   https://198.18.0.10:6443, held by nobody',
    );
    expect(renderStatus(statusOf({ apiAddress: null }), plain)[1]).toBe('API   no address');
  });
});

describe('the summary', () => {
  const report = {
    during: 'promotion',
    seconds: 4.1,
    watchReconnects: 1,
    probes: [
      { kind: 'read', requests: 41, failures: 0, longestGapSeconds: 0.1, slowestSeconds: 0.05 },
      { kind: 'write', requests: 40, failures: 2, longestGapSeconds: 0.304, slowestSeconds: 0.2 },
    ],
  };

  it('says what changed, what was measured, how safe it is and what to type next', () => {
    const etcd = {
      voters: 2,
      learners: 0,
      quorum: 2,
      healthy: 2,
      failuresTolerated: 0,
      quorumIs: 'held' as const,
      alarms: [],
    };
    const done = {
      ...outcome,
      status: statusOf({ etcd, warnings: ['two are worse than one'] }),
      availability: [report],
      seconds: 38.4,
    };
    expect(
      renderSummary(
        'add-replica',
        { cluster: 'demo' },
        done,
        [create, { kind: 'hand-over', to: { kind: 'balancer' } }],
        plain,
      ),
    ).toEqual([
      'demo: created demo-master in local-a, the API address moved to the load balancer (38s)',
      'measured  promotion: 2 of 81 requests failed in 4.1s (read 0/41, write 2/40); longest gap 0.3 s, slowest 0.2 s; the watch was opened again once',
      'API   https://198.18.0.10:443, held by demo-master',
      'etcd  2 voters, 2 healthy, quorum 2: tolerates no failure',
      'warning: two are worse than one',
      'next: haup add-replica -c demo --zone local-a',
    ]);
  });

  it('says so when nothing had to be done, or nothing is left', () => {
    expect(
      renderSummary('repair', { cluster: 'demo' }, { ...outcome, status: statusOf() }, [], plain)[0],
    ).toBe('demo: nothing to do (1.0s)');
    const steps: Step[] = [{ kind: 'delete-machine', replica: 'a' }, { kind: 'delete-network' }];
    expect(renderSummary('delete', { cluster: 'demo' }, outcome, steps, plain)).toEqual([
      'demo: deleted a, nothing is left (1.0s)',
    ]);
  });

  it('names the replica to replace, or the repair to run', () => {
    const [one] = statusOf().replicas;
    const dead = { ...one!, etcd: { ...one!.etcd, healthy: false } };
    const sick = { ...outcome, status: statusOf({ replicas: [dead] }) };
    expect(renderSummary('repair', { cluster: 'demo' }, sick, [], plain).at(-1)).toBe(
      'next: haup replace-replica -c demo demo-master',
    );
    const elsewhere = renderSummary('repair', { cluster: 'demo', store: 'file:///a b' }, sick, [], plain);
    expect(elsewhere.at(-1)).toBe("next: haup replace-replica -c demo --store 'file:///a b' demo-master");
    const open = { ...outcome, status: statusOf({ converged: false }) };
    expect(renderSummary('create', { cluster: 'demo' }, open, [], plain).at(-1)).toBe(
      'next: haup repair -c demo',
    );
    const fresh = { ...outcome, status: statusOf() };
    expect(renderSummary('create', { cluster: 'demo' }, fresh, [], plain).at(-1)).toBe(
      'next: haup kubeconfig -c demo --merge',
    );
  });

  it('of availability shows small gaps with their digits', () => {
    expect(describeAvailability({ ...report, watchReconnects: 0, probes: [] })).toBe(
      'promotion: 0 of 0 requests failed in 4.1s (); longest gap 0 s, slowest 0 s',
    );
  });
});

describe('text', () => {
  it('is cut with its marks whole', () => {
    expect(truncate(colourful.bad('abcdef'), 4)).toBe('\x1b[31mabc…\x1b[0m');
    expect(truncate('abcd', 4)).toBe('abcd');
    expect(width(colourful.bad('ab→'))).toBe(3);
    expect(plain.bad('x')).toBe('x');
  });

  it('times are as short as is of use', () => {
    expect([0.04, 9.94, 9.96, 59.4, 60, 185, 3599.6, 3720].map(elapsed)).toEqual([
      '0.0s',
      '9.9s',
      '10s',
      '59s',
      '1m00s',
      '3m05s',
      '1h00m',
      '1h02m',
    ]);
  });
});
