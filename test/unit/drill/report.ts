import type { ActName } from '../../../src/drill/acts.ts';
import type { DrillLog, LoggedSample } from '../../../src/drill/log.ts';

/** A request every `everyMs` from the first moment to `ms`, each answered at once, but for those begun within an outage, which fail. */
export function requests(ms: number, everyMs: number, outage?: readonly [number, number]): LoggedSample[] {
  return Array.from({ length: Math.floor(ms / everyMs) }, (_, n): LoggedSample => {
    const at = n * everyMs;
    return outage && at >= outage[0] && at < outage[1] ? [at, 1000, 1] : [at, 5, 0];
  });
}

/** A drill of a minute: one act at 20 s, cured at 30 s, well at 35 s, and an outage from 20 s on for so long. */
export function logWith(outageMs: number, act: ActName = 'leader-power'): DrillLog {
  const ms = 60_000;
  const outage = [20_000, 20_000 + outageMs] as const;
  return {
    format: 1,
    haup: '0.1.0',
    cluster: 'demo',
    provider: 'local',
    kubernetesVersion: 'v1.37.1',
    etcdVersion: 'v3.7.3',
    began: '2026-11-25T23:53:30.000Z',
    ms,
    holdMs: 10_000,
    replicas: [
      { name: 'm0', zone: 'local-a' },
      { name: 'm1', zone: 'local-b' },
      { name: 'm2', zone: 'local-c' },
    ],
    acts: [
      {
        act,
        wounds: [{ blow: 'power-off', machine: 'm0' }],
        at: 20_000,
        curedAt: 30_000,
        wellAt: 35_000,
      },
    ],
    clients: {
      reads: requests(ms, 40, outage),
      writes: requests(ms, 100, outage),
      'kept-alive': requests(ms, 60, outage),
      watch: requests(ms, 100),
    },
    errors: { writes: { 'ETIMEDOUT <b>': 3 } },
    moments: [
      { at: 0, leader: 'm0', etcd: 'led', following: 3, holder: 'balancer' },
      { at: 20_000, leader: null, etcd: 'leaderless', following: 0, holder: 'balancer' },
      { at: 20_000 + outageMs, leader: 'm1', etcd: 'led', following: 2, holder: 'balancer' },
      { at: 35_000, leader: 'm1', etcd: 'led', following: 3, holder: 'balancer' },
    ],
    acknowledged: 570,
    violations: [],
    unheard: 0,
    goals: [
      { goal: 'writes-resume', act: null, most: 2 },
      { goal: 'recovery', act: 'leader-power', most: 10 },
    ],
  };
}

/** The same, of a cluster with a node, whose workload a client asked: it was silent from the act on for so long. */
export function logWithWorkload(outageMs: number): DrillLog {
  const log = logWith(0);
  const workload = requests(log.ms, 100, [20_000, 20_000 + outageMs]);
  return {
    ...log,
    nodes: [{ name: 'n0', zone: 'local-a' }],
    workload: 'http://198.18.0.200/health',
    clients: { ...log.clients, workload },
    goals: [
      { goal: 'workload-resumes', act: null, most: 2 },
      { goal: 'failed-workload', act: 'leader-power', most: 30 },
    ],
  };
}
