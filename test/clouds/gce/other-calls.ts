import { formatCidr, parseCidr } from '../../../src/util/ipv4.ts';
import type { Ask, Handler } from './cloud.ts';
import { leadPods } from './pod-routes.ts';
import { invalid, notFound } from './refusal.ts';

const firewall = (name: string | undefined) => `global/firewalls/${name}`;
/** Fields that Google fills in. */
const KEPT: readonly string[] = ['kind', 'id', 'creationTimestamp', 'selfLink'];

export const otherHandlers: Readonly<Record<string, Handler>> = {
  'firewalls.get': (cloud, { params }) => cloud.store.get(firewall(params.firewall)).message,
  'firewalls.list': (cloud, ask) => cloud.list(ask, 'firewalls', 'global', 'firewallList'),
  'firewalls.insert'(cloud, ask) {
    mustBeRanges(ask);
    cloud.mustBeNetwork(ask.body.network as string | undefined);
    return cloud.insert(ask, {
      scope: 'global',
      collection: 'firewalls',
      kind: 'firewall',
      message: { ...ask.body },
      apply: () => leadPods(cloud),
    });
  },
  'firewalls.update'(cloud, ask) {
    mustBeRanges(ask);
    const path = firewall(ask.params.firewall);
    return cloud.change(ask, path, {
      async apply() {
        const { message } = cloud.store.get(path);
        // PUT: what is not said is not kept (compute v1 reference, `firewalls.update`).
        for (const field of Object.keys(message)) if (!KEPT.includes(field)) delete message[field];
        Object.assign(message, ask.body);
        await leadPods(cloud);
      },
    });
  },
  'firewalls.delete'(cloud, ask) {
    const path = firewall(ask.params.firewall);
    return cloud.delete(ask, path, {
      apply() {
        cloud.store.remove(path);
        return leadPods(cloud);
      },
    });
  },
  'disks.aggregatedList': (cloud, ask) => cloud.aggregated(ask, 'disks', 'diskAggregatedList'),
  'disks.delete': (cloud, ask) => cloud.delete(ask, `zones/${ask.params.zone}/disks/${ask.params.disk}`),
  'regions.get'(cloud, { params }) {
    const name = params.region ?? '';
    const zones = cloud.regions[name];
    if (!zones) throw notFound(`${cloud.project}/regions/${name}`);
    return region(
      name,
      zones.map((zone) => cloud.store.link(`zones/${zone}`)),
    );
  },
  'regions.list': (cloud, ask) => ({
    kind: 'compute#regionList',
    ...cloud.page(
      ask,
      Object.keys(cloud.regions).map((name) => region(name, [])),
    ),
  }),
  'zoneOperations.wait': (cloud, { params }) =>
    cloud.operations.wait(`zones/${params.zone}`, params.operation ?? ''),
  'regionOperations.wait': (cloud, { params }) =>
    cloud.operations.wait(`regions/${params.region}`, params.operation ?? ''),
  'globalOperations.wait': (cloud, { params }) => cloud.operations.wait('global', params.operation ?? ''),
};

/** Without host bits: hashicorp/terraform-provider-google#4032; CartoDB/cartodb#15649. @throws 400 */
function mustBeRanges({ body }: Ask): void {
  for (const field of ['sourceRanges', 'destinationRanges']) {
    for (const [index, range] of ((body[field] as string[] | undefined) ?? []).entries()) {
      if (formatCidr(parseCidr(range)) !== range)
        throw invalid(
          `Invalid value for field 'resource.${field}[${index}]': '${range}'. Must be a valid CIDR address range.`,
        );
    }
  }
}

function region(name: string, zones: readonly string[]) {
  return { kind: 'compute#region', name, status: 'UP', zones };
}
