import type { Handler } from './cloud.ts';
import { notFound } from './refusal.ts';

const firewall = (name: string | undefined) => `global/firewalls/${name}`;

export const otherHandlers: Readonly<Record<string, Handler>> = {
  'firewalls.get': (cloud, { params }) => cloud.store.get(firewall(params.firewall)).message,
  'firewalls.list': (cloud, ask) => cloud.list(ask, 'firewalls', 'global', 'firewallList'),
  'firewalls.insert'(cloud, ask) {
    cloud.mustBeNetwork(ask.body.network as string | undefined);
    return cloud.insert(ask, {
      scope: 'global',
      collection: 'firewalls',
      kind: 'firewall',
      message: { ...ask.body },
    });
  },
  'firewalls.patch'(cloud, ask) {
    const path = firewall(ask.params.firewall);
    return cloud.change(ask, path, {
      apply: () => {
        Object.assign(cloud.store.get(path).message, ask.body);
      },
    });
  },
  'firewalls.delete': (cloud, ask) => cloud.delete(ask, firewall(ask.params.firewall)),
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

function region(name: string, zones: readonly string[]) {
  return { kind: 'compute#region', name, status: 'UP', zones };
}
