import { kinds } from '../model/kinds.ts';
import { type ApiObject, nameOf } from '../model/object.ts';
import type { Shard } from '../model/shard.ts';
import { isFederated } from '../plan/federated.ts';
import { shardsOf } from '../plan/shards.ts';
import type { Member } from './member.ts';

/** The shards of all federated Services that are to be reached from outside, in every member. */
export function shardsSeen(services: Iterable<ApiObject>, members: readonly Member[]): Shard[] {
  const slices = members.map((member) => ({ member, of: byService(member.slices()) }));
  return [...services]
    .filter((service) => isFederated(kinds.Service, service) && service.spec?.type === 'LoadBalancer')
    .flatMap((service) => {
      const name = nameOf(service);
      const sights = slices.map(({ member, of }) => ({
        ...{ cluster: member.name, region: member.region, zone: member.zone },
        state: member.stateOfShards(),
        service: member.object('Service', name),
        slices: of.get(name) ?? [],
      }));
      return shardsOf(service, sights);
    });
}

function byService(slices: Iterable<ApiObject>): Map<string, ApiObject[]> {
  const found = new Map<string, ApiObject[]>();
  for (const slice of slices) {
    const service = slice.metadata.labels?.['kubernetes.io/service-name'];
    if (service === undefined) continue;
    const name = `${slice.metadata.namespace}/${service}`;
    const known = found.get(name);
    if (known) known.push(slice);
    else found.set(name, [slice]);
  }
  return found;
}
