import type { Inside } from '../../replicas/revision/inspect.ts';
import { machineOf, type Observation } from '../model/observation.ts';
import type { ClusterChange, ClusterSpec } from '../model/spec.ts';
import { minorOf } from '../model/versions.ts';

/**
 * Whether the change that is under way has gone too far to be taken back. Once all voters run a new minor of etcd, their data is of that
 * minor, and the old one ends with "invalid downgrade". As long as one voter has the old one, etcd behaves like that.
 */
export function isPastReturn({ change, etcdVersion, replicas }: ClusterSpec, o: Observation): boolean {
  if (!change || minorOf(etcdVersion) <= minorOf(change.before.etcdVersion)) return false;
  const voters = o.etcd.members.filter(({ learner }) => !learner);
  // Where etcd does not answer, the spec says who votes.
  const known = voters.length > 0 ? voters : replicas;
  const insides = known.map(({ name }) => machineOf(o, name)?.inside);
  // One that cannot be seen may have been on it when etcd last looked.
  return (
    insides.some((inside) => isOn(inside, change)) &&
    insides.every((inside) => !inside || isOn(inside, change))
  );
}

/** Whole, or as far as it got before it was cut off. */
export function isOn(inside: Inside | null | undefined, { id }: ClusterChange): boolean {
  return inside?.change === id || inside?.begun === id;
}
