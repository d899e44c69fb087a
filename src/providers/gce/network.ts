import { once } from '../../util/once.ts';
import { ProviderError } from '../errors.ts';
import type { Network, NodeRoutes } from '../networks.ts';
import { roleOf } from '../shared/role.ts';
import { giveAddresses, isBare } from './address/access.ts';
import type { Context } from './api/cloud.ts';
import { make, mustOwn, remove } from './api/common.ts';
import { disk, externalIpOf, type Firewall, firewall, type Instance } from './api/schemas.ts';
import { EVERYWHERE, firewallRules, isAsWanted, type NodeAccess, type WantedRule } from './firewall.ts';
import { lastPart, ROLE_LABEL } from './names.ts';
import { removeRoutes } from './pod-routes.ts';
import type { GceSettings } from './settings.ts';

export interface NetworkParts {
  readonly operatorAddress: () => Promise<string>;
  readonly instances: () => Promise<readonly Instance[]>;
  readonly routes: NodeRoutes;
  /** Of all pods; undefined: pods have their nodes' addresses. */
  readonly podRange: string | undefined;
}

interface Found {
  readonly rules: ReadonlyMap<string, Firewall>;
  readonly instances: readonly Instance[];
}

/** The cluster's part of an existing network. */
export interface GceNetwork extends Network {
  /** Makes the firewall rules that nodes need: before there is one. */
  admitNodes(): Promise<void>;
}

export function openNetwork(context: Context, settings: GceSettings, parts: NetworkParts): GceNetwork {
  const { cloud, names } = context;
  const ofNodes = names.firewall('kubelets');

  const read = (name: string) => cloud.get('firewalls.get', { firewall: name }, firewall);

  async function existing(): Promise<ReadonlyMap<string, Firewall>> {
    // One round trip for all of them; `eq` matches the whole field as a regular expression (compute v1 reference).
    const found = await cloud.list('firewalls.list', { filter: `name eq ${names.pattern}` }, firewall);
    return new Map(found.map((each) => [each.name, each]));
  }

  async function operator(): Promise<readonly string[]> {
    return settings.sshFrom ?? [await parts.operatorAddress()];
  }

  async function wanted(nodes: NodeAccess | null): Promise<WantedRule[]> {
    return firewallRules(context, settings, { sshFrom: await operator(), nodes });
  }

  /** Looking must not depend on who knows this host's address: then what is open for SSH is what is wanted. */
  async function wantedNow(found: Found): Promise<WantedRule[]> {
    const sshFrom = await operator().catch((error: unknown) => {
      if (!(error instanceof ProviderError) || error.kind !== 'preflight') throw error;
      return found.rules.get(names.firewall('ssh'))?.sourceRanges ?? [];
    });
    return firewallRules(context, settings, { sshFrom, nodes: nodeAccess(found) });
  }

  /** What there is. Where there is no rule at all, there is no machine. */
  async function look(): Promise<Found> {
    const rules = await existing();
    return { rules, instances: rules.size === 0 ? [] : await parts.instances() };
  }

  /** Once there was a node its rules stay: without one they aim at nobody. */
  function nodeAccess({ rules, instances }: Found): NodeAccess | null {
    const nodes = instances.filter(isNode);
    return rules.has(ofNodes) || nodes.length > 0 ? accessOf(nodes) : null;
  }

  function accessOf(nodes: readonly Instance[]): NodeAccess {
    const { podRange } = parts;
    if (settings.allowFrom.includes(EVERYWHERE)) return { podRange, outside: [] };
    const external = nodes.flatMap((node) => externalIpOf(node) ?? []);
    return { podRange, outside: external.map((ip) => `${ip}/32`).sort() };
  }

  async function put(found: ReadonlyMap<string, Firewall>, want: readonly WantedRule[]): Promise<void> {
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
        // Not a patch, which could not take a source away: an empty list is not sent.
        await cloud.mutate(
          'firewalls.update',
          { firewall: name, firewallResource },
          `changing the firewall rule ${name}`,
        );
      }),
    );
  }

  return {
    routes: parts.routes,
    async ready() {
      const found = await look();
      const want = await wantedNow(found);
      const asWanted = want.every((each) => isAsWanted(found.rules.get(each.name), each));
      return asWanted && !found.instances.some(isBare);
    },
    async ensure() {
      const found = await look();
      await put(found.rules, await wanted(nodeAccess(found)));
      await giveAddresses(context, found.instances);
    },
    admitNodes: once(async () => {
      const nodes = (await parts.instances()).filter(isNode);
      await put(await existing(), await wanted(accessOf(nodes)));
    }),
    async delete() {
      const [found, disks] = await Promise.all([existing(), leftDisks(context)]);
      // Where nodes were never admitted, nothing leads to one.
      if (found.has(ofNodes)) await removeRoutes(context);
      const mine = [...found.values()].filter((each) => each.description === context.description);
      // That of nodes last: it is what says that there may be routes.
      const [last, others] = [
        mine.filter(({ name }) => name === ofNodes),
        mine.filter(({ name }) => name !== ofNodes),
      ];
      const deleted = ({ name }: Firewall) =>
        remove(context, 'firewalls.delete', { firewall: name }, `deleting the firewall rule ${name}`);
      await Promise.all([
        ...others.map(deleted),
        ...disks.map(({ name, zone }) =>
          remove(context, 'disks.delete', { disk: name, zone: lastPart(zone) }, `deleting the disk ${name}`),
        ),
      ]);
      await Promise.all(last.map(deleted));
    },
  };
}

function isNode({ labels, name }: Instance): boolean {
  return roleOf(labels[ROLE_LABEL], name) === 'node';
}

/** Disks outlive machines that were deleted by hand with "keep boot disk"; machines of haup's take theirs along. */
async function leftDisks({ cloud, cluster }: Context) {
  const filter = `labels.haup-uid = "${cluster.uid}"`;
  const found = await cloud.aggregated('disks.aggregatedList', { filter }, 'disks', disk);
  return found.filter((each) => each.labels['haup-uid'] === cluster.uid && each.users.length === 0);
}
