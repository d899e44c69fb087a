import type { Status } from '../../../src/cluster/plan/status.ts';

/** So many masters, each of them a healthy voter that serves and that the balancer finds; and nothing is left to do. */
export function isWell({ converged, etcd, loadBalancer, replicas }: Status, masters: number): boolean {
  const targets = loadBalancer?.targets.filter(({ health }) => health === 'healthy').length ?? 0;
  const ready = replicas.filter(({ apiServer }) => apiServer === 'ready').length;
  return converged && [etcd.voters, etcd.healthy, targets, ready].every((count) => count === masters);
}
