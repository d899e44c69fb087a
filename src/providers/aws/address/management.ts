import type { ElasticIp, Instance } from '../api/replies.ts';
import { type Context, minutes, replicaTag, roleTag, tagOf } from '../context.ts';
import { findInstances, isUnreachable, nameOf } from '../instances.ts';
import { allocate, findAddresses, managementRole, ofRole } from './addresses.ts';
import { give, release, shown } from './elastic-ip.ts';

/**
 * Elastic IPs that keep machines reachable. An instance gives up its ephemeral public address for the API address, and
 * when that leaves it gets another one "within a few minutes", or never: EC2 user guide, "Elastic IP addresses". So the
 * machine gets an Elastic IP of its own, in the same call that takes the API address away: associating an address with
 * an instance frees the one it had. It is given back when the machine gets the API address again, or is deleted.
 */
export interface Management {
  /** An address for that machine, not yet associated. */
  prepare(name: string): Promise<ElasticIp>;
  /** Gives machines without a public address one, and gives back what nobody uses. */
  reconcile(): Promise<void>;
  /** Whether `reconcile` would do something. */
  settled(): Promise<boolean>;
  /** Gives back those of one machine. */
  release(name: string): Promise<void>;
}

export function management(context: Context): Management {
  /** Made a moment ago: not everything that reads may list them yet. */
  const made = new Map<string, { readonly address: ElasticIp; readonly at: number }>();

  async function prepare(name: string): Promise<ElasticIp> {
    const mine = (all: readonly ElasticIp[]) => ofRole(all, managementRole, name)[0];
    const recent = made.get(name);
    if (recent && context.clock.now() < recent.at + 1 * minutes) return recent.address;
    const present = mine(await findAddresses(context));
    if (present) return present;
    const address = await allocateFor(name, mine);
    made.set(name, { address, at: context.clock.now() });
    return address;
  }

  /** Listed when this returns: then nothing has to wait for it while the API address is away. */
  async function allocateFor(
    name: string,
    find: (all: readonly ElasticIp[]) => ElasticIp | undefined,
  ): Promise<ElasticIp> {
    const tags = { [roleTag]: managementRole, [replicaTag]: name };
    const address = await allocate(context, `${name} management`, tags, find);
    const id = address.AllocationId;
    await shown(context, context.api, id, `the Elastic IP of ${name} to be listed`, () => true);
    return address;
  }

  async function look(): Promise<{ lost: Instance[]; idle: ElasticIp[] }> {
    const [instances, addresses] = await Promise.all([findInstances(context), findAddresses(context)]);
    const lost = instances.filter(isUnreachable);
    const idle = ofRole(addresses, managementRole).filter(
      (address) =>
        !address.AssociationId &&
        // The two listings are not of one moment: what a machine shows as its own is not idle.
        !instances.some((instance) => instance.PublicIpAddress === address.PublicIp) &&
        !lost.some((instance) => nameOf(instance) === tagOf(address, replicaTag)),
    );
    return { lost, idle };
  }

  return {
    prepare,
    async settled() {
      const { lost, idle } = await look();
      return lost.length + idle.length === 0;
    },
    async reconcile() {
      const { lost, idle } = await look();
      for (const instance of lost) {
        const address = await prepare(nameOf(instance));
        await give(context, context.api, address, instance);
        await shown(
          context,
          context.api,
          address.AllocationId,
          `${nameOf(instance)} to show its address`,
          (now) => now.InstanceId === instance.InstanceId,
        );
      }
      for (const address of idle) await giveBack(address);
    },
    async release(name) {
      const mine = ofRole(await findAddresses(context), managementRole, name);
      for (const address of mine) await giveBack(address);
    },
  };

  async function giveBack(address: ElasticIp): Promise<void> {
    made.delete(tagOf(address, replicaTag) ?? '');
    await release(context, context.api, address);
  }
}
