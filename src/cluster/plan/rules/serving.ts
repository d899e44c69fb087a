import type { Step } from '../step.ts';
import { isHealthyVoter, type Replica, type View } from '../view.ts';

/** The API server needs a voter beside it: etcd's learners serve no reads or writes to clients. */
export function startControlPlanes(v: View): Step[] {
  if (!v.observation.etcd.readable) return [];
  return v.replicas
    .filter((replica) => needsStart(v, replica))
    .map((replica) => ({
      kind: 'start-control-plane',
      replica: replica.name,
    }));
}

function needsStart(v: View, replica: Replica): boolean {
  const { inside } = replica;
  if (!isHealthyVoter(replica) || !inside?.provisioned) return false;
  if (!wasStarted(replica)) return true;
  return v.policy.revive && !(inside.apiServer === 'ready' && inside.controllers === 'running');
}

/** Its units are enabled: if they do not run, the replica is unhealthy rather than unfinished. */
export function wasStarted(replica: Replica): boolean {
  return (
    replica.inside !== null &&
    replica.inside.apiServer !== 'disabled' &&
    replica.inside.controllers !== 'disabled'
  );
}
