import type { Kind, KindName } from '../model/kinds.ts';
import { type ApiObject, type Fields, fieldsOf, isFields, listOf, numberOf } from '../model/object.ts';
import type { Sight } from '../model/sight.ts';

/** Numbers that add up, by kind: what comes back of objects of that kind. */
const SUMS: Readonly<Partial<Record<KindName, readonly string[]>>> = {
  Deployment: ['replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas', 'unavailableReplicas'],
  ReplicaSet: ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'],
  DaemonSet: [
    'currentNumberScheduled',
    'desiredNumberScheduled',
    'numberMisscheduled',
    'numberReady',
    'updatedNumberScheduled',
    'numberAvailable',
    'numberUnavailable',
  ],
  Job: ['active', 'succeeded', 'failed'],
  HorizontalPodAutoscaler: ['currentReplicas', 'desiredReplicas'],
};

const GENERATIONS: readonly string[] = ['Deployment', 'ReplicaSet', 'DaemonSet'];

/**
 * What a federated object says of all its parts: sums, and the union of addresses. Null where its kind has nothing to say, or where
 * somebody has not been seen yet; who is lost says nothing. `isApplied`: all parts have been given what is wanted now.
 */
export function statusOf(
  kind: Kind,
  wanted: ApiObject,
  placed: readonly Sight[],
  isApplied: boolean,
): Fields | null {
  if (placed.some(({ state }) => state === 'unseen')) return null;
  const ready = placed.filter(({ state }) => state === 'ready');
  const parts = ready.flatMap(({ object }) => (object ? [object] : []));
  const name = kind.kind as KindName;
  if (name === 'Ingress' || (name === 'Service' && wanted.spec?.type === 'LoadBalancer'))
    return { loadBalancer: { ingress: union(parts) } };
  const sums = SUMS[name];
  if (!sums) return null;
  const status: Record<string, unknown> = Object.fromEntries(
    sums.map((field) => [field, parts.reduce((sum, { status }) => sum + numberOf(status?.[field], 0), 0)]),
  );
  // So that whoever waits for a rollout is told the truth: all of them have seen what is wanted now.
  if (GENERATIONS.includes(name) && isApplied && parts.length > 0 && parts.every(hasSeen))
    status.observedGeneration = wanted.metadata.generation ?? 0;
  return status;
}

/** Nothing of `wanted` is missing in a status; a number that is nought may be left out. */
export function saysAlready(status: unknown, wanted: Fields): boolean {
  const actual = fieldsOf(status);
  return Object.entries(wanted).every(([field, value]) => {
    if (typeof value === 'number') return numberOf(actual[field], 0) === value;
    if (Array.isArray(value)) {
      const list = listOf(actual[field]);
      return (
        list.length === value.length &&
        value.every((item, index) => (isFields(item) ? saysAlready(list[index], item) : list[index] === item))
      );
    }
    return isFields(value) ? saysAlready(actual[field], value) : actual[field] === value;
  });
}

function hasSeen({ metadata, status }: ApiObject): boolean {
  return numberOf(status?.observedGeneration, 0) >= (metadata.generation ?? 0);
}

function union(parts: readonly ApiObject[]): readonly Fields[] {
  const seen = new Map<string, Fields>();
  for (const part of parts) {
    for (const item of listOf(fieldsOf(part.status?.loadBalancer).ingress)) {
      const { ip, hostname } = fieldsOf(item);
      const key = `${ip ?? ''} ${hostname ?? ''}`;
      if (!seen.has(key))
        seen.set(key, {
          ...(ip === undefined ? {} : { ip }),
          ...(hostname === undefined ? {} : { hostname }),
        });
    }
  }
  return [...seen.values()];
}
