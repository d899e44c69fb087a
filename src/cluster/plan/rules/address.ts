import { isDead } from '../../model/observation.ts';
import { replicaZones, wantsBalancer } from '../../model/spec.ts';
import { type Blocked, type Decision, nothingToDo } from '../decision.ts';
import { drains, turn } from '../roll.ts';
import type { Step } from '../step.ts';
import { isHealthyVoter, isServing, isVoter, type Replica, type View } from '../view.ts';
import { wasStarted } from './serving.ts';

/** The balancer, its targets, and who holds the API address. The new holder is proven to serve before it gets it. */
export function placeAddress(v: View): Decision {
  const decision = wantsBalancer(v.spec) ? towardsBalancer(v) : towardsMachine(v);
  return decision.steps.length > 0 ? decision : { ...decision, blocked: nobodyServes(v) };
}

/** Not how it should be, and nothing that a step of ours could change: what is given the address has to serve first. */
function nobodyServes(v: View): Blocked[] {
  const { address, remembered } = v.observation;
  if (!remembered.bootstrapped || address?.holder.kind !== 'nobody' || v.replicas.some(isServing)) return [];
  return [
    {
      message: `nobody holds the API address: no API server of ${v.spec.name} is ready`,
      advice: { to: 'start what has stopped', command: 'repair', cluster: v.spec.name },
      passing: true,
    },
  ];
}

function towardsBalancer(v: View): Decision {
  const { balancer, address } = v.observation;
  if (!balancer?.complete) return one({ kind: 'ensure-balancer', zones: replicaZones(v.spec) });

  const targets = balancer.targets.map((target) => target.replica);
  const desired = desiredTargets(v, targets);
  const held = address?.holder.kind === 'balancer';
  // Its zone is gone, and with it every client's way in: nothing is more urgent, and nothing else is needed for it.
  if (held && address.lost) return one({ kind: 'hand-over', to: { kind: 'balancer' } });
  if (!sameSet(desired, targets)) {
    const someServe = desired.some((name) => servingNames(v).has(name));
    return held && !someServe ? nothingToDo : one({ kind: 'set-targets', targets: desired });
  }
  if (held || !address) return nothingToDo;

  const healthy = new Set(balancer.targets.filter((t) => t.health === 'healthy').map((t) => t.replica));
  const serving = v.replicas.filter(isServing).map((replica) => replica.name);
  const proven = serving.length > 0 && serving.every((name) => healthy.has(name));
  // Nobody answers now: then the first healthy target is better than waiting for the rest.
  const lost = address.holder.kind === 'nobody' && serving.some((name) => healthy.has(name));
  if (lost || (proven && isGrown(v))) return one({ kind: 'hand-over', to: { kind: 'balancer' } });
  // Known to the balancer and not proven yet: whoever waited for that was cut off. It is waited for again.
  return serving.length > 0 && isGrown(v) ? one({ kind: 'set-targets', targets: desired }) : nothingToDo;
}

function towardsMachine(v: View): Decision {
  const { balancer, address } = v.observation;
  const [only] = v.replicas;
  if (!only || !address) return nothingToDo;
  if (address.holder.kind !== 'machine' || address.holder.name !== only.name) {
    return isServing(only)
      ? one({ kind: 'hand-over', to: { kind: 'machine', name: only.name } })
      : nothingToDo;
  }
  // Connections made before the address moved still run through it: it goes when those behind it have gone.
  const empty = v.orphans.length === 0;
  return balancer && empty ? one({ kind: 'delete-balancer' }) : nothingToDo;
}

/**
 * Ready voters come in. A voter that is wanted stays, dead or not: the balancer's own check steers around it. An orphan
 * goes once it is dead or nothing else is left to do before it leaves.
 */
function desiredTargets(v: View, present: readonly string[]): string[] {
  const serving = servingNames(v);
  const leaving = isGrown(v) && v.replicas.filter(isServing).every((r) => present.includes(r.name));
  const stays = (replica: Replica): boolean => {
    if (!present.includes(replica.name) || !isVoter(replica) || !replica.machine) return false;
    return replica.wanted ? wasStarted(replica) || !replica.inside : !isDead(replica.member!) && !leaving;
  };
  const next = turn(v);
  // A single one stays a target all the same: nobody is left who serves.
  const drained = next && drains(next) ? next.replica.name : undefined;
  return [...v.replicas, ...v.orphans]
    .filter((replica) => replica.name !== drained)
    .filter((replica) => (replica.wanted && serving.has(replica.name)) || stays(replica))
    .map((replica) => replica.name)
    .sort();
}

/** Every wanted replica has become a voter and was started. */
export function isGrown(v: View): boolean {
  return v.replicas.every((replica) => isVoter(replica) && (wasStarted(replica) || !isHealthyVoter(replica)));
}

/** The address is where the spec wants it. */
export function isAddressSettled(v: View): boolean {
  const holder = v.observation.address?.holder;
  if (wantsBalancer(v.spec)) return holder?.kind === 'balancer' && !v.observation.address?.lost;
  return holder?.kind === 'machine' && holder.name === v.spec.replicas[0]?.name;
}

function servingNames(v: View): Set<string> {
  return new Set([...v.replicas, ...v.orphans].filter(isServing).map((replica) => replica.name));
}

function one(step: Step): Decision {
  return { steps: [step], blocked: [] };
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name));
}
