import { NAMESPACE, PROFILES_API } from '../model/names.ts';
import { type Fields, fieldsOf, listOf } from '../model/object.ts';
import { type Api, MERGE } from './api.ts';
import type { Member } from './member.ts';

const MOST_PROBLEMS = 20;

/** What a Cluster's status should say, as `kubectl get clusters` and `haup federation status` show it. */
export function clusterStatus(member: Member, before: Fields | undefined): Fields & { problemCount: number } {
  const problems = [
    ...member.missing(),
    ...[...member.runner.problems].map(([key, why]) => `${key}: ${why}`),
  ].sort();
  const state = member.state();
  const phase = { ready: 'Ready', lost: 'Offline', unseen: 'Pending' }[state];
  const status = { ready: 'True', lost: 'False', unseen: 'Unknown' }[state];
  const message = state === 'ready' ? '' : (member.silence() ?? '');
  const [was] = listOf(before?.conditions).map(fieldsOf);
  const now = new Date().toISOString().replace(/\.\d+/, '');
  const since = was?.status === status ? String(was.lastTransitionTime) : now;
  const version = member.version() ?? before?.version;
  return {
    phase,
    ...(version === undefined ? {} : { version }),
    conditions: [{ type: 'Ready', status, reason: phase, message, lastTransitionTime: since }],
    problems: problems.slice(0, MOST_PROBLEMS),
    problemCount: problems.length,
  };
}

/** The same for whoever knows ClusterProfiles (KEP-4322). */
export async function profileStatus(api: Api, member: Member, status: Fields): Promise<void> {
  const path = `/apis/${PROFILES_API}/namespaces/${NAMESPACE}/clusterprofiles/${member.name}/status`;
  const [ready] = listOf(status.conditions).map(fieldsOf);
  const body = {
    status: {
      conditions: [{ ...ready, type: 'ControlPlaneHealthy' }],
      ...(status.version === undefined ? {} : { version: { kubernetes: status.version } }),
      properties: [
        { name: 'region', value: member.region },
        { name: 'zone', value: member.zone },
      ],
    },
  };
  await api.call('PATCH', path, { body, contentType: MERGE });
}
