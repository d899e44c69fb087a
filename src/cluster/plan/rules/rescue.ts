import type { Blocked, Decision } from '../decision.ts';
import { isBack } from '../rescue.ts';
import { replicaOf, type Step } from '../step.ts';
import type { Replica, View } from '../view.ts';
import { renewCertificates } from './renewing.ts';

/**
 * A lost quorum, given up: all others are fenced, then the survivor becomes a cluster of one, and nothing else is done until it is. Where
 * nobody survived, a new machine is made ready meanwhile, and gets a backup's data in the survivor's place.
 * From then on the rules of every day grow it back. Undefined: there is no such wish.
 *
 * Fenced is who does not run: no machine, a stopped one, an etcd that is disabled, or, where nobody can look, who is so by the
 * operator's word. Whoever comes back later is refused by the survivor, which lists it as removed, and its etcd ends.
 */
export function rescue(v: View): Decision | undefined {
  const { rescue: wish } = v.spec;
  if (!wish || v.observation.rescued) return undefined;
  const survivor = v.replicas.find(({ name }) => name === wish.survivor);
  const revoked = wish.backup ? heldAgain(v) : survivor ? whyNot(v, survivor) : gone(v, wish.survivor);
  if (revoked) return { steps: startAgain(v, survivor), blocked: [revoked] };

  const others = [...v.replicas, ...v.orphans].filter(({ name }) => name !== wish.survivor);
  const awake = others.filter(({ inside }) => inside !== null && inside.etcd !== 'disabled');
  const hidden = others.filter(
    ({ name, machine, inside }) => machine?.state === 'running' && !inside && !wish.fenced.includes(name),
  );
  const ready = wish.backup && survivor ? makeReady(v, survivor) : [];
  const renewals: readonly Step[] = wish.backup
    ? ready
    : renewCertificates(v).steps.filter((step) => replicaOf(step) === wish.survivor);
  const fences = awake.map(({ name }): Step => ({ kind: 'fence', replica: name }));
  if (hidden.length > 0) return { steps: [...renewals, ...fences], blocked: [unfenced(v, hidden)] };
  if (fences.length > 0) return { steps: [...renewals, ...fences], blocked: [] };
  if (ready.length > 0) return { steps: ready, blocked: [] };
  const last: Step = wish.backup
    ? { kind: 'restore-etcd', replica: wish.survivor, backup: wish.backup.id }
    : { kind: 'force-new-cluster', replica: wish.survivor };
  return { steps: [...renewals, last], blocked: [] };
}

/** All that a new machine needs before it can be given data. */
function makeReady(v: View, { name, zone, machine, inside }: Replica): Step[] {
  const { address } = v.observation;
  const reserve: Step[] = address ? [] : [{ kind: 'reserve-address' }];
  if (!machine) return [...reserve, { kind: 'create-machine', replica: name, zone }];
  if (machine.state === 'stopped') return [...reserve, { kind: 'start-machine', replica: name }];
  if (!address) return reserve;
  if (!inside?.provisioned) return [{ kind: 'provision', replica: name }];
  const { backup } = v.spec;
  if (!backup || inside.backup?.generation === backup.generation) return [];
  return [{ kind: 'set-up-backup', replica: name, generation: backup.generation }];
}

/** What speaks against it now although it was wished for. */
function whyNot(v: View, survivor: Replica): Blocked | undefined {
  const back = heldAgain(v);
  if (back) return back;
  return survivor.inside?.provisioned && survivor.inside.etcdData ? undefined : gone(v, survivor.name);
}

function heldAgain(v: View): Blocked | undefined {
  if (!isBack(v.spec.rescue!, v.observation)) return undefined;
  const names = v.observation.etcd.members.map(({ name }) => name).join(', ');
  return {
    message: `etcd has a quorum again, with ${names}: nothing needs to be given up`,
    advice: { to: 'go on with that', command: 'repair', cluster: v.spec.name },
  };
}

function gone(v: View, survivor: string): Blocked {
  return {
    message: `${survivor}, which is to become a cluster of one, cannot be reached or has lost its data`,
    advice: { to: 'choose another survivor', command: 'rescue', cluster: v.spec.name },
    passing: true,
  };
}

function startAgain(v: View, survivor: Replica | undefined): Step[] {
  if (!v.policy.revive || survivor?.machine?.state !== 'stopped') return [];
  return [{ kind: 'start-machine', replica: survivor.name }];
}

function unfenced(v: View, hidden: readonly Replica[]): Blocked {
  const names = hidden.map(({ name }) => name);
  const [are, them] = names.length > 1 ? ['are', 'them'] : ['is', 'it'];
  return {
    message: `${names.join(', ')} ${are} switched on and cannot be reached: with ${them} the old cluster could live on beside the new one`,
    advice: [
      v.spec.rescue?.backup
        ? `restart ${them} in the cloud, then try again: unless that backup was named, or is being restored already, what ${them === 'it' ? 'it has' : 'they have'} is kept`
        : `stop or delete ${them} in the cloud, then try again`,
      {
        to: `or say that ${them === 'it' ? 'it stays' : 'they stay'} away`,
        command: 'rescue',
        cluster: v.spec.name,
        fenced: names,
      },
    ],
  };
}
