import { canChange } from '../../../etcd/quorum.ts';
import type { Remedies } from '../../../util/remedy.ts';
import { isDead } from '../../model/observation.ts';
import { type Blocked, type Decision, nothingToDo } from '../decision.ts';
import { sightOfEtcd } from '../health.ts';
import type { Step } from '../step.ts';
import { founder, isHealthyVoter, isVoter, type Replica, type View } from '../view.ts';

/** etcd's own limit, set by `--max-learners` on every member. */
const MAX_LEARNERS = 2;

/**
 * At most one change of etcd's membership, in the order that keeps a quorum before and after each one:
 * what failed to join is cleaned up, dead orphans leave, newcomers come as learners, learners become voters.
 * Live orphans leave last; see leaving.ts.
 */
export function changeMembership(v: View): Decision {
  const first = founder(v);
  if (first) return bootstrap(first);
  if (!v.observation.etcd.readable) return unreadable(v);

  const all = [...v.replicas, ...v.orphans];
  const learners = all.filter((replica) => replica.member?.learner);
  const neverStarted = all.find((replica) => neverJoins(replica));
  if (neverStarted) return remove(v, neverStarted);

  // One after the other: two that join at the same moment wait for each other.
  const waiting = v.replicas.find(isWaitingToStart);
  if (waiting) return { steps: [{ kind: 'start-etcd', replica: waiting.name }], blocked: [] };

  const dead = v.orphans.find((replica) => isVoter(replica) && isDead(replica.member!));
  const unseen = v.orphans.find((replica) => isVoter(replica) && replica.member!.unseen);
  // The successor's machine comes first: were there none to be had, the dead member had better stay listed.
  if (dead && v.joiners.every((joiner) => joiner.inside?.provisioned)) return remove(v, dead);

  if (unseen) return { steps: [], blocked: [cannotTell(v, unseen)] };

  const joiner = v.joiners.find((candidate) => candidate.inside?.provisioned);
  if (joiner && !dead && learners.length < MAX_LEARNERS) return add(v, joiner);

  // Two that come together are both caught up before either votes: 1 → 3 must not rest at two voters of two.
  const complete = v.joiners.length === 0 || learners.length === MAX_LEARNERS;
  const ready = learners.filter((learner) => learner.inside?.etcd === 'running' || !learner.inside);
  if (learners.length > 0 && complete && ready.length === learners.length) {
    return { steps: [{ kind: 'promote', replica: ready[0]!.name }], blocked: [] };
  }
  return nothingToDo;
}

/** Takes a member out, if a quorum can commit that and a quorum is left: DESIGN: never otherwise, no override. */
export function remove(v: View, leaver: Replica): Decision {
  const blocked = mayRemove(v, [leaver]);
  if (blocked) return { steps: [], blocked: [blocked] };
  return { steps: [{ kind: 'remove-member', replica: leaver.name, member: leaver.member!.id }], blocked: [] };
}

/** Why these members may not be removed one after the other; undefined when they may. */
export function mayRemove(v: View, leavers: readonly Replica[]): Blocked | undefined {
  const voters = [...v.replicas, ...v.orphans].filter(isVoter);
  let votersBefore = voters.length;
  let healthyBefore = voters.filter(isHealthyVoter).length;
  for (const leaver of leavers) {
    const votersAfter = votersBefore - (isVoter(leaver) ? 1 : 0);
    const healthyAfter = healthyBefore - (isHealthyVoter(leaver) ? 1 : 0);
    if (leaver.member!.unseen) return cannotTell(v, leaver);
    if (!canChange({ votersBefore, healthyBefore, votersAfter, healthyAfter })) {
      const dead = voters.filter((voter) => isDead(voter.member!)).map((voter) => voter.name);
      const unseen = voters.filter((voter) => voter.member!.unseen).map((voter) => voter.name);
      return {
        message: `removing ${leaver.name} from etcd needs a healthy majority before and after it: there are ${healthyBefore} healthy of ${votersBefore} voters, then ${healthyAfter} of ${votersAfter}${dead.length ? `; not healthy: ${dead.join(', ')}` : ''}${unseen.length ? `; not seen by haup: ${unseen.join(', ')}` : ''}`,
        advice: dead.length === 0 && unseen.length > 0 ? mendSight(v) : howToRevive(v, dead),
      };
    }
    votersBefore = votersAfter;
    healthyBefore = healthyAfter;
  }
  return undefined;
}

function bootstrap(first: Replica): Decision {
  if (!first.inside?.provisioned) return nothingToDo;
  return { steps: [{ kind: 'bootstrap-etcd', replica: first.name }], blocked: [] };
}

function add(v: View, joiner: Replica): Decision {
  const voters = [...v.replicas, ...v.orphans].filter(isVoter);
  const unseen = voters.filter((replica) => replica.member!.unseen).map((replica) => replica.name);
  if (unseen.length > 0) {
    const message = `${joiner.name} cannot join: haup cannot look at ${unseen.join(', ')}, and etcd takes no new member while one is not healthy`;
    return { steps: [], blocked: [{ message, advice: mendSight(v), passing: true }] };
  }
  const dead = voters.filter((replica) => isDead(replica.member!));
  if (dead.length > 0) {
    const names = dead.map((replica) => replica.name);
    return {
      steps: [],
      blocked: [
        {
          message: `${joiner.name} cannot join: etcd takes no new member while ${names.join(', ')} ${names.length > 1 ? 'are' : 'is'} not healthy`,
          advice: howToRevive(v, names),
        },
      ],
    };
  }
  return { steps: [{ kind: 'add-learner', replica: joiner.name }], blocked: [] };
}

function mendSight(v: View): Remedies {
  return [
    { to: 'see what keeps haup from looking', command: 'status', cluster: v.spec.name },
    'then mend that, and try again',
  ];
}

/** What could not be seen is neither dead nor alive: nothing is done to it. */
function cannotTell(v: View, { name }: Replica): Blocked {
  return {
    message: `${name} is to leave etcd, but haup cannot tell whether it lives: it does not answer haup, but nothing else says that it is dead`,
    advice: [
      { to: 'see what keeps haup from it', command: 'status', cluster: v.spec.name },
      'what is not wanted any more can be stopped in the cloud, and then leaves as a dead one',
    ],
    passing: true,
  };
}

/** Whether etcd can be read matters only when its membership has to change, and to who wants it mended. */
function unreadable(v: View): Decision {
  // Whether a machine that is wanted and not there has a member, nobody can say.
  const missing = v.observation.etcd.members.length === 0 && v.replicas.some((replica) => !replica.machine);
  if (v.joiners.length === 0 && v.orphans.length === 0 && !v.policy.revive && !missing) return nothingToDo;
  if (v.observation.etcd.quorum === 'held' || v.observation.etcd.quorum === 'unknown') {
    return {
      steps: [],
      blocked: [
        {
          message: `${sightOfEtcd(v.observation)}; so its membership cannot change`,
          advice: mendSight(v),
          passing: v.replicas.filter((r) => r.inside?.etcd === 'running').length * 2 > v.replicas.length,
        },
      ],
    };
  }
  const voters = [...v.replicas, ...v.orphans].filter(isVoter);
  const dead = [...v.replicas, ...v.orphans].filter((replica) => !replica.member?.healthy).map((r) => r.name);
  const running = voters.filter((voter) => voter.inside?.etcd === 'running');
  return {
    steps: [],
    blocked: [
      {
        message: `etcd has no quorum or cannot be reached, so its membership cannot change; not answering: ${dead.join(', ')}`,
        advice: howToRevive(v, dead),
        passing: running.length * 2 > voters.length,
      },
    ],
  };
}

/** A member that will not become a voter: its machine is gone or emptied, or nobody wants it. */
function neverJoins(replica: Replica): boolean {
  const { member, machine, inside } = replica;
  if (!member || (!member.learner && member.started)) return false;
  if (!replica.wanted || !machine) return true;
  return inside !== null && member.started && !inside.etcdData;
}

/** What runs on the machine of a member that never started is an etcd that was removed before and does not know it. */
function isWaitingToStart({ member, inside }: Replica): boolean {
  if (!member || !inside?.provisioned) return false;
  return !member.started || (member.learner && inside.etcd !== 'running');
}

/** What stands still although it has its data: nobody's consent is needed to start it again, only an operator's wish. */
export function reviveEtcd(v: View): Step[] {
  if (!v.policy.revive || !v.observation.remembered.bootstrapped) return [];
  const stopped = v.replicas.filter(({ member, inside }) => {
    const joins = member && (member.learner || !member.started);
    return !joins && inside?.provisioned && inside.etcdData && inside.etcd !== 'running';
  });
  return stopped.map((replica) => ({ kind: 'restart-etcd', replica: replica.name }));
}

function howToRevive(v: View, dead: readonly string[]): Remedies {
  const stopped = v.observation.machines.filter((m) => m.state === 'stopped' && dead.includes(m.name));
  if (stopped.length > 0) {
    const names = stopped.map((machine) => machine.name).join(', ');
    return { to: `start ${names} again`, command: 'repair', cluster: v.spec.name };
  }
  const voters = v.observation.etcd.members.filter((member) => !member.learner);
  const lost = voters.filter(isDead).length * 2 >= voters.length;
  return lost
    ? [
        'bring a majority of the machines back (docs/runbooks/lost-quorum.md)',
        { to: 'or go on with a survivor', command: 'rescue', cluster: v.spec.name },
      ]
    : { to: 'replace what is dead', command: 'replace-replica', cluster: v.spec.name, replicas: dead };
}
