import type { Remedy } from '../../util/remedy.ts';
import type { LookFailure } from '../model/look-failure.ts';
import type { SeenMachine } from '../model/machine.ts';
import { machineOf, memberOf, type Observation } from '../model/observation.ts';
import { type ClusterSpec, type ReplicaSpec, replicaZones, wanted, wantsBalancer } from '../model/spec.ts';
import type { Warning } from '../model/warning.ts';
import { alarmed, cureOf } from './preflight/alarms.ts';
import { clocksApart } from './preflight/clocks.ts';
import { fullFolders } from './preflight/space.ts';
import { expiries } from './revision/expiry.ts';
import { listed } from './revision/report.ts';
import { EXPIRING_SECONDS } from './rules/renewing.ts';

const DAY_MS = 86_400_000;
/** They were to be renewed long before: nobody has used haup for months, or it could not. */
const EXPIRES_SOON_DAYS = 30;
const EXPIRED = 'have expired';

/** What an operator should know although nothing is unfinished. Pure. */
export function warningsOf(spec: ClusterSpec, o: Observation, now: number): Warning[] {
  const warnings: Warning[] = spec.replicas.flatMap((replica) => replicaWarnings(spec, o, replica, now));
  if (o.remembered.bootstrapped && !o.etcd.readable) warnings.unshift(sightOfEtcd(o));
  warnings.unshift(
    ...(o.refusedWrites ?? []).map(
      (refusal) => `the API refuses what the control plane has to write: ${refusal}`,
    ),
  );
  const expired = warnings.filter((one) => typeof one === 'object' && one.says.includes(EXPIRED));
  warnings.unshift(...expired.map((warning) => warnings.splice(warnings.indexOf(warning), 1)[0]!));
  const clocks = clocksApart([...o.machines, ...o.nodes.machines]);
  if (clocks) warnings.unshift(clocks);
  warnings.unshift(...fullFolders(o));
  const [alarm] = o.etcd.alarms ?? [];
  if (alarm) {
    const says = alarmed(o.etcd.alarms ?? []);
    // The cure of either kind takes a quorum.
    warnings.unshift(o.etcd.readable ? { says, remedy: cureOf(alarm.alarm, alarm.member, spec.name) } : says);
  }
  if (o.address?.lost) {
    warnings.unshift({
      says: `nobody reaches ${o.address.ip}: ${o.address.lost}`,
      remedy: { to: 'move it to another zone', command: 'repair', cluster: spec.name },
    });
  }
  if (spec.replicas.length === 2) {
    warnings.push('two replicas are worse than one: both are needed for every write; add a third');
  }
  if (spec.replicas.length > 1 && replicaZones(spec).length === 1) {
    warnings.push(
      `all replicas are in ${spec.replicas[0]!.zone}: the cluster does not survive the loss of that zone`,
    );
  }
  return [...warnings, ...drift(spec, o)];
}

function replicaWarnings(spec: ClusterSpec, o: Observation, replica: ReplicaSpec, now: number): Warning[] {
  const diagnosis = diagnose(o, replica.name);
  const expires = machineOf(o, replica.name)?.inside?.certificateExpires;
  const days = expires ? (Date.parse(expires) - now) / DAY_MS : Number.POSITIVE_INFINITY;
  const left = machineOf(o, replica.name)?.inside?.certificateSecondsLeft ?? Number.POSITIVE_INFINITY;
  const again: Remedy = {
    to: 'renew them',
    command: left < EXPIRING_SECONDS ? 'repair' : 'renew',
    cluster: spec.name,
  };
  const soon = expiries(o, replica.name).filter(({ seconds }) => seconds * 1000 < EXPIRES_SOON_DAYS * DAY_MS);
  const which = soon.length > 0 ? ` (${listed(soon.map(({ certificate }) => certificate.file))})` : '';
  return [
    ...(diagnosis ? [`${replica.name}: ${diagnosis}`] : []),
    ...(days < EXPIRES_SOON_DAYS
      ? [
          {
            says: `${replica.name}: its certificates ${days < 0 || left < 0 ? EXPIRED : `expire in ${Math.floor(days)} days`}${which}`,
            remedy: again,
          },
        ]
      : []),
  ];
}

/** What is known of etcd while nobody can read its members. */
export function sightOfEtcd(o: Observation): string {
  if (o.etcd.quorum === 'held') {
    return `etcd has a quorum (a read that needs one succeeds at the API address), but haup cannot look at its members${blind(o)}`;
  }
  if (o.etcd.quorum === 'unknown') {
    return `haup cannot look at etcd, so nobody can say whether it has a quorum${blind(o)}`;
  }
  return 'etcd has no quorum or cannot be reached; its members are shown as last known';
}

/** What stands in the way of looking, by machine. */
function blind(o: Observation): string {
  const reasons = o.machines.flatMap((machine) =>
    machine.state === 'running' && !machine.inside && machine.lookFailure
      ? [`${machine.name}: ${blindness(machine)}`]
      : [],
  );
  return reasons.length > 0 ? `; ${reasons.join('; ')}` : '';
}

/** What was met instead of an answer. None of it says that anything inside is dead. */
const LOOK_FAILURES: Readonly<Record<LookFailure, string>> = {
  nothing: 'its machine runs but is cut off: no packet comes back',
  'no-sshd': 'its machine runs but its sshd does not',
  'no-greeting':
    'its machine runs but hangs: it accepts connections and says nothing (frozen, out of memory, or very slow)',
  slow: 'haup cannot look inside: its machine answers, but too slowly',
  'no-entry':
    "haup cannot look inside: its sshd refuses the operator's key (an emptied or exchanged disk does not know the operator's key, nor does an account that is locked)",
  'other-key': 'its machine has another SSH host key: its disk has been emptied, or this is another machine',
  'not-run': 'haup cannot look inside: the machine lets it in, but says',
  forbidden: 'haup cannot look inside',
  'no-answer': 'haup cannot look inside: its answer is not complete',
  unknown: 'its machine runs but does not answer (frozen, cut off, or out of memory)',
};

/** Failures of a look of which the machine's own words are the better part. */
const SPEAKING: ReadonlySet<LookFailure> = new Set(['slow', 'not-run', 'forbidden', 'no-answer']);

/** Why haup cannot look inside a machine that runs. */
export function blindness({
  lookFailure = 'unknown',
  words,
}: Pick<SeenMachine<unknown>, 'lookFailure' | 'words'>): string {
  if (!words || !SPEAKING.has(lookFailure)) return LOOK_FAILURES[lookFailure];
  // Its name and address stand before them already.
  return `${LOOK_FAILURES[lookFailure]}: ${words.replace(/^.*?\): could not [^:]*: /, '')}`;
}

/** What is wrong with a replica that has joined; null when nothing is, or when it has yet to join. */
export function diagnose(o: Observation, name: string): string | null {
  const member = memberOf(o, name);
  const nobodyKnows = o.remembered.bootstrapped && o.etcd.members.length === 0;
  if (nobodyKnows) return machineTrouble(o, name);
  if (!member || member.learner) return null;
  const inside = machineOf(o, name)?.inside;
  if (!inside) return machineTrouble(o, name);
  if (!inside.provisioned || !inside.etcdData) return 'its disk has been emptied: it holds no etcd data';
  if (!member.started) return 'its etcd member never started';
  if (inside.etcd !== 'running') return 'etcd does not run';
  if (!o.etcd.readable && member.unseen) return null;
  if (!o.etcd.readable) return 'its etcd member has no leader';
  if (member.unseen) return 'haup cannot ask its etcd member, which the leader hears of';
  if (!member.healthy) return 'its etcd member does not follow the leader';
  if (inside.apiServer === 'disabled' || inside.controllers === 'disabled') return null;
  if (inside.apiServer !== 'ready') return 'its API server is not ready';
  if (inside.controllers !== 'running') return 'controller manager or scheduler does not run';
  return null;
}

/** As {@link diagnose}, of one that has yet to join too: what stands in its way. */
export function diagnoseNewcomer(o: Observation, name: string): string | null {
  const member = memberOf(o, name);
  if (!o.etcd.readable || (member && !member.learner)) return diagnose(o, name);
  const joins = !member
    ? 'it has not joined etcd'
    : member.started
      ? 'its etcd member has not caught up'
      : 'its etcd member never started';
  return [joins, machineTrouble(o, name)].filter(Boolean).join('; ');
}

/** Why nobody can look inside the machine; null when it can be done. */
function machineTrouble(o: Observation, name: string): string | null {
  const machine = machineOf(o, name);
  if (!machine) return 'its machine is gone';
  if (machine.state === 'stopped') return 'its machine is stopped';
  return machine.inside ? null : blindness(machine);
}

/** What is there although the spec does not say so. */
function drift(spec: ClusterSpec, o: Observation): string[] {
  const orphans = o.machines.filter((machine) => !wanted(spec, machine.name)).map((machine) => machine.name);
  const members = o.etcd.members
    .filter((m) => !wanted(spec, m.name) && !machineOf(o, m.name))
    .map((m) => m.name);
  const targets = (o.balancer?.targets ?? []).filter((t) => !wanted(spec, t.replica)).map((t) => t.replica);
  const say = (names: readonly string[], what: string): string[] =>
    names.length > 0 ? [`${names.join(', ')}: ${what}`] : [];
  return [
    ...say(orphans, 'a machine that is to leave'),
    ...say(members, 'a member of etcd without a machine'),
    ...(wantsBalancer(spec) ? say(targets, 'a target of the load balancer that should not be there') : []),
  ];
}
