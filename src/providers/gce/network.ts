import { isDeepStrictEqual } from 'node:util';
import type { Network } from '../provider.ts';
import type { Context } from './cloud.ts';
import { make, mustOwn, remove } from './common.ts';
import { type FirewallPart, lastPart } from './names.ts';
import { disk, type Firewall, firewall } from './schemas.ts';
import type { GceSettings } from './settings.ts';

/**
 * Where Google's health checkers come from; the last two are of passthrough balancers (Google, "Firewall rules" of
 * load balancing).
 */
const PROBES = ['35.191.0.0/16', '130.211.0.0/22', '209.85.152.0/22', '209.85.204.0/22'];
const ETCD_PEERS = '2380';

/**
 * Before Google's own rules of the network `default` (`default-allow-ssh`, `-internal`, `-rdp`, `-icmp`, all at 65534), which let in who is
 * not wanted, and after the cluster's, which are at the API's own default. The lowest number wins; at one number denial does
 * (Google, "VPC firewall rules": priority, pre-populated rules). Replies, and the ICMP errors over what was let in, pass by connection
 * tracking.
 */
const LET_IN = 1000;
const LET_NOBODY_IN = 60_000;

/** The cluster's own firewall rules in an existing network. Each lets one thing in, to the cluster's machines alone; the last nothing else. */
export function openNetwork(
  context: Context,
  settings: GceSettings,
  operatorAddress: () => Promise<string>,
): Network {
  const { cloud, cluster, names } = context;
  const apiPort = String(cluster.apiPort);

  function rule(
    part: FirewallPart,
    ports: readonly string[],
    from: Partial<Pick<Firewall, 'sourceRanges' | 'sourceTags'>>,
  ) {
    return {
      name: names.firewall(part),
      description: context.description,
      network: settings.network,
      direction: 'INGRESS',
      priority: LET_IN,
      allowed: [{ IPProtocol: 'tcp', ports: [...ports] }],
      targetTags: [names.tag],
      ...from,
    };
  }

  async function wanted() {
    return [
      rule('api', [apiPort], { sourceRanges: [...settings.allowFrom] }),
      rule('ssh', ['22'], { sourceRanges: [...(settings.sshFrom ?? [await operatorAddress()])] }),
      rule('masters', [ETCD_PEERS, apiPort], { sourceTags: [names.tag] }),
      rule('health', [apiPort], { sourceRanges: PROBES }),
      {
        name: names.firewall('closed'),
        description: context.description,
        network: settings.network,
        direction: 'INGRESS',
        priority: LET_NOBODY_IN,
        denied: [{ IPProtocol: 'all' }],
        sourceRanges: ['0.0.0.0/0'],
        targetTags: [names.tag],
      },
    ];
  }

  const read = (name: string) => cloud.get('firewalls.get', { firewall: name }, firewall);

  async function existing(): Promise<ReadonlyMap<string, Firewall>> {
    // One round trip for all of them; `eq` matches the whole field as a regular expression (compute v1 reference).
    const found = await cloud.list('firewalls.list', { filter: `name eq ${names.pattern}` }, firewall);
    return new Map(found.map((each) => [each.name, each]));
  }

  return {
    async ready() {
      const [found, want] = await Promise.all([existing(), wanted()]);
      return want.every((each) => isAsWanted(found.get(each.name), each));
    },
    async ensure() {
      const [found, want] = await Promise.all([existing(), wanted()]);
      context.progress('making the firewall rules');
      await Promise.all(
        want.map(async (firewallResource) => {
          const { name } = firewallResource;
          const present = found.get(name);
          if (isAsWanted(present, firewallResource)) return;
          if (!present) {
            await make(context, 'firewalls.insert', { firewallResource }, `the firewall rule ${name}`, () =>
              read(name),
            );
            return;
          }
          mustOwn(context, present.description, `the firewall rule ${name}`);
          await cloud.mutate(
            'firewalls.patch',
            { firewall: name, firewallResource },
            `changing the firewall rule ${name}`,
          );
        }),
      );
    },
    async delete() {
      const [found, disks] = await Promise.all([existing(), leftDisks(context)]);
      const mine = [...found.values()].filter((each) => each.description === context.description);
      await Promise.all([
        ...mine.map(({ name }) =>
          remove(context, 'firewalls.delete', { firewall: name }, `deleting the firewall rule ${name}`),
        ),
        ...disks.map(({ name, zone }) =>
          remove(context, 'disks.delete', { disk: name, zone: lastPart(zone) }, `deleting the disk ${name}`),
        ),
      ]);
    },
  };
}

/** Disks outlive machines that were deleted by hand with "keep boot disk"; machines of haup's take theirs along. */
async function leftDisks({ cloud, cluster }: Context) {
  const filter = `labels.haup-uid = "${cluster.uid}"`;
  const found = await cloud.aggregated('disks.aggregatedList', { filter }, 'disks', disk);
  return found.filter((each) => each.labels['haup-uid'] === cluster.uid && each.users.length === 0);
}

function isAsWanted(
  present: Firewall | undefined,
  want: Pick<Firewall, 'priority' | 'targetTags'> & Partial<Firewall>,
): boolean {
  if (!present || present.disabled) return false;
  const essence = (each: Partial<Firewall>) => [
    each.priority,
    each.allowed ?? [],
    (each.denied ?? []).map((denied) => denied.IPProtocol),
    [...(each.sourceRanges ?? [])].sort(),
    [...(each.sourceTags ?? [])].sort(),
    each.targetTags,
  ];
  return isDeepStrictEqual(essence(present), essence(want));
}
