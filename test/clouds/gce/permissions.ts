/**
 * The IAM permissions that each method asks for (Google, "Compute Engine IAM roles and permissions" and the
 * "Authorization" section of each method in the compute v1 reference). docs/gce.md is made of this table's right side.
 */
const TABLE: Readonly<Record<string, readonly string[]>> = {
  'addresses.get': ['compute.addresses.get'],
  'addresses.insert': ['compute.addresses.create'],
  'addresses.delete': ['compute.addresses.delete'],
  'disks.aggregatedList': ['compute.disks.list'],
  'disks.delete': ['compute.disks.delete'],
  'firewalls.get': ['compute.firewalls.get'],
  'firewalls.list': ['compute.firewalls.list'],
  'firewalls.insert': ['compute.firewalls.create', 'compute.networks.updatePolicy'],
  'firewalls.update': ['compute.firewalls.update', 'compute.networks.updatePolicy'],
  'firewalls.delete': ['compute.firewalls.delete', 'compute.networks.updatePolicy'],
  'forwardingRules.get': ['compute.forwardingRules.get'],
  'forwardingRules.list': ['compute.forwardingRules.list'],
  'forwardingRules.insert': [
    'compute.forwardingRules.create',
    'compute.regionBackendServices.use',
    'compute.addresses.use',
  ],
  'forwardingRules.delete': ['compute.forwardingRules.delete'],
  'globalOperations.wait': ['compute.globalOperations.get'],
  'instanceGroups.get': ['compute.instanceGroups.get'],
  'instanceGroups.aggregatedList': ['compute.instanceGroups.list'],
  'instanceGroups.listInstances': ['compute.instanceGroups.list'],
  'instanceGroups.insert': ['compute.instanceGroups.create'],
  'instanceGroups.delete': ['compute.instanceGroups.delete'],
  'instanceGroups.addInstances': ['compute.instanceGroups.update', 'compute.instances.use'],
  'instanceGroups.removeInstances': ['compute.instanceGroups.update'],
  'instances.get': ['compute.instances.get'],
  'instances.aggregatedList': ['compute.instances.list'],
  'instances.insert': [
    'compute.instances.create',
    'compute.disks.create',
    'compute.instances.setLabels',
    'compute.instances.setMetadata',
    'compute.instances.setTags',
    'compute.subnetworks.use',
    'compute.subnetworks.useExternalIp',
  ],
  'instances.start': ['compute.instances.start'],
  'instances.stop': ['compute.instances.stop'],
  'instances.reset': ['compute.instances.reset'],
  'instances.resume': ['compute.instances.resume'],
  'instances.delete': ['compute.instances.delete'],
  'instances.addAccessConfig': [
    'compute.instances.addAccessConfig',
    'compute.subnetworks.useExternalIp',
    'compute.addresses.use',
  ],
  'instances.deleteAccessConfig': ['compute.instances.deleteAccessConfig'],
  'regionBackendServices.get': ['compute.regionBackendServices.get'],
  'regionBackendServices.getHealth': ['compute.regionBackendServices.get'],
  'regionBackendServices.insert': [
    'compute.regionBackendServices.create',
    'compute.regionHealthChecks.useReadOnly',
    'compute.instanceGroups.use',
  ],
  'regionBackendServices.patch': ['compute.regionBackendServices.update', 'compute.instanceGroups.use'],
  'regionBackendServices.delete': ['compute.regionBackendServices.delete'],
  'regionHealthChecks.get': ['compute.regionHealthChecks.get'],
  'regionHealthChecks.insert': ['compute.regionHealthChecks.create'],
  'regionHealthChecks.delete': ['compute.regionHealthChecks.delete'],
  'regionOperations.wait': ['compute.regionOperations.get'],
  'regions.get': ['compute.regions.get'],
  'regions.list': ['compute.regions.list'],
  // A next hop that is an instance: `?` whether compute.instances.use is asked for, which haup has anyway.
  'routes.insert': ['compute.routes.create', 'compute.networks.updatePolicy'],
  'routes.get': ['compute.routes.get'],
  'routes.list': ['compute.routes.list'],
  'routes.delete': ['compute.routes.delete', 'compute.networks.updatePolicy'],
  'zoneOperations.wait': ['compute.zoneOperations.get'],
};

/** What haup does not call (see reads.ts): not in docs/gce.md. */
const OF_OTHERS: Readonly<Record<string, readonly string[]>> = {
  'addresses.aggregatedList': ['compute.addresses.list'],
  'addresses.list': ['compute.addresses.list'],
  'backendServices.aggregatedList': ['compute.backendServices.list'],
  'backendServices.list': ['compute.backendServices.list'],
  'disks.get': ['compute.disks.get'],
  'disks.list': ['compute.disks.list'],
  'forwardingRules.aggregatedList': ['compute.forwardingRules.list'],
  'globalAddresses.list': ['compute.globalAddresses.list'],
  'globalForwardingRules.list': ['compute.globalForwardingRules.list'],
  'healthChecks.aggregatedList': ['compute.healthChecks.list'],
  'healthChecks.list': ['compute.healthChecks.list'],
  'instanceGroupManagers.aggregatedList': ['compute.instanceGroupManagers.list'],
  'instanceGroups.list': ['compute.instanceGroups.list'],
  'instances.list': ['compute.instances.list'],
  'regionBackendServices.list': ['compute.regionBackendServices.list'],
  'regionHealthChecks.list': ['compute.regionHealthChecks.list'],
  'zones.get': ['compute.zones.get'],
  'zones.list': ['compute.zones.list'],
};

/** @throws Error for a method that the table does not know: haup must not call what docs/gce.md does not permit. */
export function permissionsOf(method: string): readonly string[] {
  const found = TABLE[method] ?? OF_OTHERS[method];
  if (!found) throw new Error(`test/clouds/gce/permissions.ts does not know ${method}`);
  return found;
}

export const allPermissions: readonly string[] = [...new Set(Object.values(TABLE).flat())].sort();
