import type { Address, ApiAddress, Holder } from '../../provider.ts';
import type { Context } from '../api/cloud.ts';
import { make, mustOwn, remove } from '../api/common.ts';
import { GceError } from '../api/errors.ts';
import { address, type StaticAddress } from '../api/schemas.ts';
import { lastPart } from '../names.ts';

/** The static address without its handover. */
export function openAddress(context: Context): Omit<Address, 'handOver'> {
  const { cloud, cluster, names, description } = context;
  const { region } = cluster;
  const thing = `the address ${names.address}`;

  const get = () => cloud.get('addresses.get', { region, address: names.address }, address);

  async function read(): Promise<ApiAddress | null> {
    const found = await get();
    if (!found) return null;
    mustOwn(context, found.description, thing);
    // An address has its number before its operation ends; without one it is of no use to anybody.
    return found.address ? { ip: found.address, holder: holderOf(context, found) } : null;
  }

  return {
    read,
    async reserve() {
      const addressResource = { name: names.address, description };
      const present = await read();
      if (present) return present;
      await make(context, 'addresses.insert', { region, addressResource }, thing, get);
      const made = await read();
      if (made) return made;
      throw new GceError('transient', 'noAddress', `${thing} was made and cannot be read`);
    },
    async release() {
      const found = await get();
      if (!found) return;
      mustOwn(context, found.description, thing);
      if (found.users[0] !== undefined) {
        throw new GceError('conflict', 'inUse', `${thing} (${found.address}) is in use by ${found.users[0]}`);
      }
      await remove(context, 'addresses.delete', { region, address: names.address }, `releasing ${thing}`);
    },
  };
}

/** `users` holds the URLs of what uses the address: one instance, or one forwarding rule. */
function holderOf({ names }: Context, found: StaticAddress): Holder {
  const user = found.users[0];
  if (user === undefined) return { kind: 'nobody' };
  const name = lastPart(user);
  if (user.includes('/instances/')) return { kind: 'machine', name };
  if (user.includes('/forwardingRules/') && name === names.rule) return { kind: 'balancer' };
  throw new GceError(
    'conflict',
    'foreignUser',
    `the API address ${found.address} is used by ${user}, which is not haup's`,
    {
      advice: ['Detach it there.', { to: 'then give it back to the cluster', command: 'repair' }],
    },
  );
}
