import { letGo } from './addresses.ts';
import type { GceCloud } from './cloud.ts';
import { membersOf, servicesUsing } from './groups.ts';
import { behindItsBack } from './instances.ts';
import { leadPods } from './pod-routes.ts';

/** Somebody deletes one resource in the console. False when Compute Engine refuses: it is in use. */
export async function deleteManually(cloud: GceCloud, path: string): Promise<boolean> {
  const [name = '', collection = ''] = path.split('/').reverse();
  const { message } = cloud.store.get(path);
  const names = (kind: string, field: string) =>
    cloud.store.all(kind).some((each) => JSON.stringify(each.message[field] ?? '').includes(`/${path}"`));
  switch (collection) {
    case 'instances':
      await behindItsBack.delete(cloud, name);
      return true;
    case 'forwardingRules':
      await cloud.realizer.route(String(message.IPAddress), null);
      letGo(cloud, String(message.IPAddress));
      break;
    case 'backendServices':
      if (names('forwardingRules', 'backendService')) return false;
      break;
    case 'healthChecks':
      if (names('backendServices', 'healthChecks')) return false;
      break;
    case 'instanceGroups':
      if (servicesUsing(cloud, path).length > 0) return false;
      membersOf(cloud, path).clear();
      break;
    case 'addresses':
      if ((message.users as unknown[]).length > 0) return false;
      cloud.realizer.freeAddress(String(message.address));
      break;
    case 'disks':
      if ((message.users as unknown[]).length > 0) return false;
      break;
    case 'firewalls':
    case 'routes':
      cloud.store.remove(path);
      await leadPods(cloud);
      return true;
    default:
      throw new Error(`nobody deletes ${path} by hand`);
  }
  cloud.store.remove(path);
  return true;
}
