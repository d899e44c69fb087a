import type { Remedy } from '../../../util/remedy.ts';
import type { Preflight } from './preflight.ts';

/**
 * With an alarm etcd refuses writes, but takes new voters: a change would stop after it has made etcd larger. Without a quorum no alarm can be
 * taken back: then it stops nobody who brings that back.
 */
export const noAlarm: Preflight = ({ observation, spec }) => {
  if (!observation.etcd.readable) return undefined;
  const [first] = observation.etcd.alarms ?? [];
  if (!first) return undefined;
  return {
    message: alarmed(observation.etcd.alarms ?? []),
    advice: cureOf(first.alarm, first.member, spec.name),
  };
};

export function alarmed(alarms: readonly { readonly member: string; readonly alarm: string }[]): string {
  const said = alarms.map(({ member, alarm }) => `${alarm} on ${member}`).join(', ');
  const refuses = alarms.some(({ alarm }) => alarm === 'NOSPACE') ? ': it refuses every write' : '';
  return `etcd has raised an alarm (${said})${refuses}`;
}

/** etcd's own maintenance guide: compact, defragment, disarm. */
export function cureOf(alarm: string, member: string, cluster: string): Remedy {
  if (alarm === 'CORRUPT') {
    const to = `replace ${member}, whose data differs from the others'`;
    return { to, command: 'replace-replica', cluster, replicas: [member] };
  }
  return 'delete what fills it, then compact, defragment every member and disarm: docs/runbooks/etcd-alarm.md';
}
