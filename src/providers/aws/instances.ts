import type { Machine } from '../provider.ts';
import { roleOf } from '../shared/role.ts';
import type { Api } from './api/api.ts';
import type { Instance } from './api/replies.ts';
import {
  allOurs,
  type Context,
  minutes,
  ownedBy,
  pages,
  replicaTag,
  roleTag,
  tagOf,
  wait,
} from './context.ts';

/** States in which an instance is still one of the cluster's machines. */
const liveStates = ['pending', 'running', 'stopping', 'stopped'];

/** The cluster's live instances, or those of one replica. Filters, unlike ids, never fail on what is not there (yet). */
export async function findInstances(
  context: Context,
  options: { replica?: string; states?: readonly string[]; api?: Api } = {},
): Promise<Instance[]> {
  const { api = context.api, replica, states = liveStates } = options;
  const found = await pages(
    (token) =>
      api.ec2('DescribeInstances', {
        Filters: [
          ownedBy(context.cluster),
          { Name: 'instance-state-name', Values: [...states] },
          ...(replica === undefined ? [] : [{ Name: `tag:${replicaTag}`, Values: [replica] }]),
        ],
        ...token,
      }),
    (page) => page.Reservations.flatMap((reservation) => reservation.Instances),
  );
  const ours = allOurs(context.cluster, found, 'ec2:DescribeInstances');
  return ours.sort((a, b) => nameOf(a).localeCompare(nameOf(b)) || launched(a) - launched(b));
}

export function nameOf(instance: Instance): string {
  return tagOf(instance, replicaTag) ?? instance.InstanceId;
}

export function stateOf(instance: Instance): string {
  return instance.State.Name;
}

export function isNode(instance: Instance): boolean {
  return roleOf(tagOf(instance, roleTag), nameOf(instance)) === 'node';
}

/** Whether haup can reach sshd on it from outside. */
export function isUnreachable(instance: Instance): boolean {
  return stateOf(instance) === 'running' && !instance.PublicIpAddress;
}

export function toMachine(instance: Instance): Machine {
  const running = stateOf(instance) === 'running';
  const externalIp = instance.PublicIpAddress || null;
  const name = nameOf(instance);
  return {
    name,
    role: roleOf(tagOf(instance, roleTag), name),
    zone: instance.Placement?.AvailabilityZone ?? '',
    state: running ? 'running' : 'stopped',
    internalIp: instance.PrivateIpAddress ?? '',
    externalIp,
    sshHost: running ? externalIp : null,
  };
}

/** The instance by its id, once it is in one of `states`; undefined until then, null when there is none (yet). */
export async function settled(
  context: Context,
  id: string,
  what: string,
  arrived: (instance: Instance | null) => Instance | null | undefined,
): Promise<Instance | null> {
  return wait(
    context,
    what,
    async () => {
      const [instance] = await pages(
        (token) =>
          context.api.ec2('DescribeInstances', {
            Filters: [{ Name: 'instance-id', Values: [id] }],
            ...token,
          }),
        (page) => page.Reservations.flatMap((reservation) => reservation.Instances),
      );
      return arrived(instance ?? null);
    },
    { timeoutMs: 10 * minutes, intervalMs: 1000 },
  );
}

function launched(instance: Instance): number {
  return instance.LaunchTime?.getTime() ?? 0;
}
