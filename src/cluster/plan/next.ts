/**
 * The heart of haup: what may be done now to bring what is closer to what should be. Pure; called again after every
 * step with a new observation, so that a crash, a lost reply or somebody else's change needs no special care.
 */
import type { Observation } from '../model/observation.ts';
import type { ClusterSpec } from '../model/spec.ts';
import { type Decision, nothingToDo, type Policy } from './decision.ts';
import { held } from './preflight/index.ts';
import { inHand } from './roll.ts';
import { keepAddons } from './rules/addons.ts';
import { placeAddress } from './rules/address.ts';
import { keepBackups } from './rules/backup.ts';
import { deleteAll } from './rules/deletion.ts';
import { clearDrill, undoDrill } from './rules/drill.ts';
import { removeOrphans } from './rules/leaving.ts';
import { prepareMachines } from './rules/machines.ts';
import { changeMembership, reviveEtcd } from './rules/membership.ts';
import { nameBalancer } from './rules/naming.ts';
import { keepNodes } from './rules/nodes.ts';
import { oldStore } from './rules/old-store.ts';
import { refreshCertificates, renewCertificates } from './rules/renewing.ts';
import { rescue } from './rules/rescue.ts';
import { rollReplicas } from './rules/rolling.ts';
import { startControlPlanes } from './rules/serving.ts';
import { replicaOf, type Step } from './step.ts';
import { view } from './view.ts';

const CONVERGE: Policy = { revive: false };

/** Steps that do not depend on each other come together; an empty answer means that there is nothing left to do. */
export function next(spec: ClusterSpec, observation: Observation, policy: Policy = CONVERGE): Decision {
  const v = view(spec, observation, policy);
  if (spec.deleting) return deleteAll(v);
  const old = oldStore(v);
  if (old) return { steps: [], blocked: [old] };
  // Nothing can be judged of a cluster that is being hurt on purpose.
  const undone = undoDrill(v);
  if (undone.length > 0) return { steps: undone, blocked: [] };
  if (!observation.network) return { steps: [{ kind: 'ensure-network' }], blocked: [] };
  const rescuing = rescue(v);
  if (rescuing) return held(v, rescuing);

  const reserve: Step[] = observation.address ? [] : [{ kind: 'reserve-address' }];
  const membership = changeMembership(v);
  const address = placeAddress(v);
  const leaving = removeOrphans(v);
  const nodes = policy.withoutNodes ? nothingToDo : keepNodes(v);
  const rolling = rollReplicas(v);
  const renewing = renewCertificates(v);
  const taken = inHand(v);
  const others = [
    ...reserve,
    ...renewing.steps,
    ...prepareMachines(v),
    ...reviveEtcd(v),
    ...membership.steps,
    ...startControlPlanes(v),
    ...address.steps,
    ...nameBalancer(v),
    ...leaving.steps,
    ...nodes.steps,
  ];
  const decision = held(v, {
    // One that is taken out to be changed is nobody else's business.
    steps: [...rolling.steps, ...others.filter((step) => replicaOf(step) !== taken)],
    blocked: [
      ...renewing.blocked,
      ...membership.blocked,
      ...address.blocked,
      ...leaving.blocked,
      ...nodes.blocked,
      ...rolling.blocked,
    ],
  });
  // Nothing waits for these: what is unfinished, and can go on, goes on first.
  if (decision.steps.length > 0) return decision;
  const addons = decision.blocked.length === 0 ? keepAddons(v) : [];
  if (addons.length > 0) return { ...decision, steps: addons };
  const fresh = refreshCertificates(v);
  const due = [...fresh.steps, ...keepBackups(v)];
  return {
    steps: due.length > 0 ? due : clearDrill(v),
    // Whose clock is in the way of the one is so of the other.
    blocked: [...decision.blocked, ...(renewing.blocked.length > 0 ? [] : fresh.blocked)],
  };
}
