import { wantsBalancer } from '../../model/spec.ts';
import { type Blocked, type Decision, nothingToDo } from '../decision.ts';
import type { Step } from '../step.ts';
import { isHealthyVoter, isServing, type Replica, type View } from '../view.ts';
import { isAddressSettled, isGrown } from './address.ts';
import { mayRemove, remove } from './membership.ts';

/**
 * Orphans leave in one order: out of the balancer and drained → controller manager and scheduler stopped → API server
 * stopped → etcd leadership moved → member removed → machine deleted. Dead ones skip what cannot be done any more.
 */
export function removeOrphans(v: View): Decision {
  if (v.observation.remembered.bootstrapped && !v.observation.etcd.readable) return nothingToDo;
  const gone = v.orphans.filter((orphan) => !orphan.member && !isInUse(v, orphan));
  const deletions = gone.map((orphan): Step => ({ kind: 'delete-machine', replica: orphan.name }));

  const live = v.orphans.filter((orphan) => orphan.member && !orphan.member.learner && orphan.member.healthy);
  const drained = live.length > 0 && isGrown(v) ? drainLeavers(v, live) : nothingToDo;
  return { steps: [...deletions, ...drained.steps], blocked: drained.blocked };
}

function drainLeavers(v: View, leavers: readonly Replica[]): Decision {
  const blocked = mayRemove(v, leavers);
  if (blocked) return { steps: [], blocked: [blocked] };
  // Somebody else must serve, at the address, before anything that serves stops.
  const ill = v.replicas.filter((replica) => isHealthyVoter(replica) && !isWhole(replica));
  const successor = v.replicas.find(isServing);
  if (successor && (!isAddressSettled(v) || leavers.some((leaver) => isInUse(v, leaver)))) return nothingToDo;
  if (ill.length > 0) return { steps: [], blocked: [stays(v, leavers, ill)] };
  if (!successor) return nothingToDo;

  const stops = leavers.flatMap((leaver) => stop(leaver) ?? []);
  if (stops.length > 0) return { steps: stops, blocked: [] };
  const leader = leavers.find((leaver) => leaver.member!.leader);
  if (leader)
    return { steps: [{ kind: 'move-leader', replica: leader.name, to: successor.name }], blocked: [] };
  return remove(v, leavers[0]!);
}

/** All that a successor has to do works, controllers too: until then who lives stays. */
function isWhole({ inside }: Replica): boolean {
  return inside?.apiServer === 'ready' && inside.controllers === 'running';
}

function stays(v: View, leavers: readonly Replica[], ill: readonly Replica[]): Blocked {
  const names = (list: readonly Replica[]): string => list.map((replica) => replica.name).join(', ');
  return {
    message: `${names(leavers)} stays until ${names(ill)} wholly ${ill.length > 1 ? 'work' : 'works'}: API server, controller manager and scheduler`,
    advice: { to: 'start what has stopped', command: 'repair', cluster: v.spec.name },
    passing: true,
  };
}

function stop(leaver: Replica): Step | undefined {
  if (!leaver.inside) return undefined;
  if (leaver.inside.controllers !== 'disabled') return { kind: 'stop-controllers', replica: leaver.name };
  if (leaver.inside.apiServer !== 'disabled') return { kind: 'stop-api-server', replica: leaver.name };
  return undefined;
}

/** Clients still reach it: it holds the address, or it is a target of the balancer that does. */
function isInUse(v: View, replica: Replica): boolean {
  const { address, balancer } = v.observation;
  if (address?.holder.kind === 'machine' && address.holder.name === replica.name) return true;
  const isTarget = balancer?.targets.some((target) => target.replica === replica.name) ?? false;
  return isTarget && wantsBalancer(v.spec);
}
