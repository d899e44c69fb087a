import type { Step } from '../step.ts';
import { isVoter, type Replica, type View } from '../view.ts';

/**
 * Machines for the replicas that have none, and everything on them that can be prepared before etcd is touched: a
 * stock-out or a broken image must be found while nothing depends on the newcomer.
 */
export function prepareMachines(v: View): Step[] {
  return v.replicas.flatMap((replica) => prepare(v, replica) ?? []);
}

function prepare(v: View, replica: Replica): Step | undefined {
  const { machine, name, zone } = replica;
  if (!machine) {
    return isNew(v, replica) && !replica.member ? { kind: 'create-machine', replica: name, zone } : undefined;
  }
  if (machine.state === 'stopped') {
    return isNew(v, replica) || v.policy.revive ? { kind: 'start-machine', replica: name } : undefined;
  }
  if (isNew(v, replica) && !replica.inside?.provisioned && v.observation.address) {
    return { kind: 'provision', replica: name };
  }
  return undefined;
}

/**
 * True for a replica that certainly holds nothing yet. Never guessed: while etcd cannot be read, a missing machine or
 * an empty disk may be a voter that was lost.
 */
function isNew(v: View, replica: Replica): boolean {
  if (!v.observation.remembered.bootstrapped) return true;
  return v.observation.etcd.readable && !(isVoter(replica) && replica.member!.started);
}
