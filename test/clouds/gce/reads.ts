import type { GceCloud, Handler } from './cloud.ts';
import { notFound } from './refusal.ts';

/**
 * What haup does not ask and other clients do: gcloud lists by aggregated lists and by scope, and looks up zones and regions. Without
 * them it would show less than there is.
 */
export const readHandlers: Readonly<Record<string, Handler>> = {
  'instances.list': (cloud, ask) =>
    cloud.list(ask, 'instances', `zones/${zone(cloud, ask.params.zone)}`, 'instanceList'),
  'disks.list': (cloud, ask) => cloud.list(ask, 'disks', `zones/${zone(cloud, ask.params.zone)}`, 'diskList'),
  'disks.get': (cloud, { params }) => cloud.store.get(`zones/${params.zone}/disks/${params.disk}`).message,
  'instanceGroups.list': (cloud, ask) =>
    cloud.list(ask, 'instanceGroups', `zones/${zone(cloud, ask.params.zone)}`, 'instanceGroupList'),
  'instanceGroupManagers.aggregatedList': aggregated('instanceGroupManagers', 'instanceGroupManager'),
  'addresses.list': regional('addresses', 'address'),
  'addresses.aggregatedList': aggregated('addresses', 'address'),
  'globalAddresses.list': global('addresses', 'address'),
  'forwardingRules.aggregatedList': aggregated('forwardingRules', 'forwardingRule'),
  'globalForwardingRules.list': global('forwardingRules', 'forwardingRule'),
  'regionBackendServices.list': regional('backendServices', 'backendService'),
  'backendServices.aggregatedList': aggregated('backendServices', 'backendService'),
  'backendServices.list': global('backendServices', 'backendService'),
  'regionHealthChecks.list': regional('healthChecks', 'healthCheck'),
  'healthChecks.aggregatedList': aggregated('healthChecks', 'healthCheck', 'healthChecksAggregatedList'),
  'healthChecks.list': global('healthChecks', 'healthCheck'),
  'zones.list': (cloud, ask) => ({
    kind: 'compute#zoneList',
    ...cloud.page(
      ask,
      zonesOf(cloud).map((name) => zoneMessage(cloud, name)),
    ),
  }),
  'zones.get'(cloud, { params }) {
    return zoneMessage(cloud, zone(cloud, params.zone));
  },
};

function regional(collection: string, kind: string): Handler {
  return (cloud, ask) => cloud.list(ask, collection, `regions/${ask.params.region}`, `${kind}List`);
}

function global(collection: string, kind: string): Handler {
  return (cloud, ask) => cloud.list(ask, collection, 'global', `${kind}List`);
}

function aggregated(collection: string, kind: string, list = `${kind}AggregatedList`): Handler {
  return (cloud, ask) => cloud.aggregated(ask, collection, list);
}

function zonesOf(cloud: GceCloud): string[] {
  return Object.values(cloud.regions).flat();
}

function zone(cloud: GceCloud, name: string | undefined): string {
  if (name === undefined || !zonesOf(cloud).includes(name)) throw notFound(`${cloud.project}/zones/${name}`);
  return name;
}

function zoneMessage(cloud: GceCloud, name: string) {
  const region = cloud.store.link(`regions/${name.replace(/-[a-z]$/, '')}`);
  return { kind: 'compute#zone', name, status: 'UP', region, selfLink: cloud.store.link(`zones/${name}`) };
}
