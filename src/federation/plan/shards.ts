import { type ApiObject, fieldsOf, listOf } from '../model/object.ts';
import type { Shard } from '../model/shard.ts';
import type { MemberState } from '../model/sight.ts';

/** One member's part of a federated Service. */
export interface ShardSight {
  readonly cluster: string;
  readonly region: string;
  readonly zone: string;
  readonly state: MemberState;
  /** Null: it is not there. */
  readonly service: ApiObject | null;
  /** Its EndpointSlices. */
  readonly slices: readonly ApiObject[];
}

/** The shards of a federated Service. One for each member, also where it is not: it has no address there. */
export function shardsOf({ metadata }: ApiObject, sights: readonly ShardSight[]): Shard[] {
  const service = { namespace: metadata.namespace ?? '', name: metadata.name };
  return sights.map(({ cluster, region, zone, state, service: there, slices }) => {
    const addresses = there && there.metadata.deletionTimestamp === undefined ? addressesOf(there) : [];
    const isHealthy = state === 'ready' && addresses.length > 0 && slices.some(hasReadyEndpoint);
    return { service, cluster, region, zone, addresses, health: isHealthy ? 'healthy' : 'unhealthy' };
  });
}

/** Each once, in order, so that what is the same looks the same. */
function addressesOf({ status }: ApiObject): string[] {
  const addresses = listOf(fieldsOf(status?.loadBalancer).ingress).flatMap((item) => {
    const { ip, hostname } = fieldsOf(item);
    return typeof ip === 'string' ? [ip] : typeof hostname === 'string' ? [hostname] : [];
  });
  return [...new Set(addresses)].sort();
}

function hasReadyEndpoint(slice: ApiObject): boolean {
  return listOf(slice.endpoints).some((endpoint) => {
    const { addresses, conditions } = fieldsOf(endpoint);
    // No word on it means that it is ready: the API says so of this field.
    return listOf(addresses).length > 0 && fieldsOf(conditions).ready !== false;
  });
}
