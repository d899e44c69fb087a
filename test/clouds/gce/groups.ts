import { routeGroup } from './balancing.ts';
import type { Ask, GceCloud, Handler } from './cloud.ts';
import { invalid, Refusal } from './refusal.ts';
import type { Message, Resource } from './store.ts';

const pathOf = ({ params }: Ask) => `zones/${params.zone}/instanceGroups/${params.instanceGroup}`;

/** Members' paths, by the path of their group. */
const members = new WeakMap<GceCloud, Map<string, Set<string>>>();

export function membersOf(cloud: GceCloud, group: string): Set<string> {
  const all = members.get(cloud) ?? new Map<string, Set<string>>();
  members.set(cloud, all);
  const found = all.get(group) ?? new Set<string>();
  all.set(group, found);
  return found;
}

export const groupHandlers: Readonly<Record<string, Handler>> = {
  'instanceGroups.get': (cloud, ask) => shown(cloud, cloud.store.get(pathOf(ask))),
  'instanceGroups.aggregatedList'(cloud, ask) {
    for (const group of cloud.store.all('instanceGroups')) shown(cloud, group);
    return cloud.aggregated(ask, 'instanceGroups', 'instanceGroupAggregatedList');
  },
  'instanceGroups.insert'(cloud, ask) {
    const { zone = '' } = ask.params;
    cloud.mustBeZone(zone);
    cloud.mustBeNetwork(ask.body.network as string | undefined);
    return cloud.insert(ask, {
      scope: `zones/${zone}`,
      collection: 'instanceGroups',
      kind: 'instanceGroup',
      message: { ...ask.body },
    });
  },
  'instanceGroups.delete'(cloud, ask) {
    const path = pathOf(ask);
    return cloud.delete(ask, path, {
      check() {
        const user = servicesUsing(cloud, path)[0];
        if (user)
          throw new Refusal(
            400,
            'resourceInUseByAnotherResource',
            `The instance_group resource '${path}' is already being used by '${user.path}'`,
          );
      },
      apply: () => {
        membersOf(cloud, path).clear();
      },
    });
  },
  'instanceGroups.listInstances'(cloud, ask) {
    const path = pathOf(ask);
    cloud.store.get(path);
    const all = [...membersOf(cloud, path)]
      .sort()
      .map((each) => ({ instance: cloud.store.link(each), status: 'RUNNING' }));
    return { kind: 'compute#instanceGroupsListInstances', ...cloud.page(ask, all) };
  },
  'instanceGroups.addInstances'(cloud, ask) {
    const path = pathOf(ask);
    const added = instancesIn(cloud, ask);
    return cloud.change(ask, path, {
      check() {
        for (const instance of added) {
          if (!instance.startsWith(`zones/${ask.params.zone}/`))
            throw invalid(`Instance ${instance} is not in the zone of ${path}`);
          cloud.store.get(instance);
          if (membersOf(cloud, path).has(instance))
            throw new Refusal(
              400,
              'memberAlreadyExists',
              `Instance '${instance}' is already a member of '${path}'.`,
            );
          // A VM is in at most one load-balanced instance group (compute v1 reference, "Unmanaged instance groups").
          const other = groupsOf(cloud, instance).find((group) => servicesUsing(cloud, group).length > 0);
          if (other && servicesUsing(cloud, path).length > 0)
            throw invalid(`Instance ${instance} is already in the load-balanced group ${other}`);
        }
      },
      apply: async () => {
        for (const instance of added) {
          cloud.store.get(instance);
          membersOf(cloud, path).add(instance);
          cloud.probedSince.set(instance, cloud.clock.now());
        }
        await routeGroup(cloud, path);
      },
    });
  },
  'instanceGroups.removeInstances'(cloud, ask) {
    const path = pathOf(ask);
    const removed = instancesIn(cloud, ask);
    return cloud.change(ask, path, {
      check() {
        const stranger = removed.find((each) => !membersOf(cloud, path).has(each));
        if (stranger)
          throw new Refusal(400, 'memberNotFound', `Instance '${stranger}' is not a member of '${path}'.`);
      },
      apply: async () => {
        for (const instance of removed) membersOf(cloud, path).delete(instance);
        await routeGroup(cloud, path);
      },
    });
  },
};

function shown(cloud: GceCloud, group: Resource): Message {
  return Object.assign(group.message, { size: membersOf(cloud, group.path).size });
}

function instancesIn(cloud: GceCloud, { body }: Ask): string[] {
  return ((body.instances as { instance: string }[] | undefined) ?? []).map((each) =>
    cloud.store.pathOf(each.instance),
  );
}

function groupsOf(cloud: GceCloud, instance: string): string[] {
  return cloud.store
    .all('instanceGroups')
    .map((each) => each.path)
    .filter((path) => membersOf(cloud, path).has(instance));
}

export function leaveGroups(cloud: GceCloud, instance: string): void {
  for (const group of groupsOf(cloud, instance)) membersOf(cloud, group).delete(instance);
}

export function servicesUsing(cloud: GceCloud, group: string): Resource[] {
  return cloud.store
    .all('backendServices')
    .filter((service) =>
      ((service.message.backends as { group: string }[] | undefined) ?? []).some(
        (backend) => cloud.store.pathOf(backend.group) === group,
      ),
    );
}
