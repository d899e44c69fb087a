import { roleOf } from '../../../src/providers/shared/role.ts';
import { letGo, mustBeFree, use } from './addresses.ts';
import type { Ask, GceCloud, Handler } from './cloud.ts';
import { leaveGroups } from './groups.ts';
import { leadPods } from './pod-routes.ts';
import { invalid, Refusal } from './refusal.ts';
import type { Message, Resource } from './store.ts';

export interface AccessConfig extends Message {
  natIP?: string;
}
export interface Interface extends Message {
  name: string;
  networkIP?: string;
  accessConfigs: AccessConfig[];
}

const pathOf = ({ params }: Ask) => `zones/${params.zone}/instances/${params.instance}`;
const regionOf = (zone: string | undefined) => (zone ?? '').replace(/-[a-z]$/, '');

export const instanceHandlers: Readonly<Record<string, Handler>> = {
  'instances.get': (cloud, ask) => cloud.store.get(pathOf(ask)).message,
  'instances.aggregatedList': (cloud, ask) => cloud.aggregated(ask, 'instances', 'instanceAggregatedList'),
  'instances.insert': insert,
  'instances.delete'(cloud, ask) {
    const path = pathOf(ask);
    let before: unknown;
    return cloud.delete(ask, path, {
      begin() {
        const { message } = cloud.store.get(path);
        before = message.status === 'STOPPING' ? 'RUNNING' : message.status;
        message.status = 'STOPPING';
      },
      apply: () => deleteInstance(cloud, path),
      async undo() {
        const instance = cloud.store.find(path);
        if (!instance) return;
        // STOPPING is a state in between, which every VM leaves (Google, "VM instance lifecycle"): forwards or back.
        instance.message.status = before;
        if (cloud.rules.failedDeletion === 'stopped' && before === 'RUNNING')
          await stopInstance(cloud, instance.message);
        await leadPods(cloud);
      },
    });
  },
  'instances.start'(cloud, ask) {
    const path = pathOf(ask);
    const { message } = cloud.store.get(path);
    return cloud.change(ask, path, {
      begin: () => {
        if (message.status === 'TERMINATED') message.status = 'STAGING';
      },
      undo() {
        if (message.status === 'STAGING') message.status = 'TERMINATED';
      },
      async apply() {
        if (message.status !== 'RUNNING') await startInstance(cloud, message);
      },
    });
  },
  'instances.stop'(cloud, ask) {
    const path = pathOf(ask);
    const { message } = cloud.store.get(path);
    return cloud.change(ask, path, {
      begin: () => {
        if (message.status === 'RUNNING') message.status = 'STOPPING';
      },
      undo() {
        if (message.status === 'STOPPING') message.status = 'RUNNING';
      },
      async apply() {
        if (message.status !== 'TERMINATED') await stopInstance(cloud, message);
      },
    });
  },
  'instances.reset'(cloud, ask) {
    const path = pathOf(ask);
    const { message } = cloud.store.get(path);
    return cloud.change(ask, path, {
      check() {
        if (message.status !== 'RUNNING')
          throw invalid(`Instance ${message.name} is not ready: it is ${message.status}.`);
      },
      // The VM stays RUNNING and keeps its addresses (Google, "Reset a VM").
      async apply() {
        await cloud.realizer.stop(String(message.id));
        await cloud.realizer.start(String(message.id), startupScript(message));
      },
    });
  },
  'instances.addAccessConfig'(cloud, ask) {
    const path = pathOf(ask);
    const { message } = cloud.store.get(path);
    const network = interfaceNamed(message, ask.params.networkInterface);
    const wanted = ask.body.natIP as string | undefined;
    return cloud.change(ask, path, {
      check() {
        // At most one access config a network interface (compute v1 reference, addAccessConfig).
        if (network.accessConfigs.length > 0) throw invalid('At most one access config currently supported.');
        if (wanted !== undefined) mustBeFree(cloud, wanted, regionOf(ask.params.zone), 'instance');
      },
      async apply() {
        if (network.accessConfigs.length > 0) throw invalid('At most one access config currently supported.');
        const natIP = wanted ?? cloud.realizer.allocateAddress();
        network.accessConfigs = [{ kind: 'compute#accessConfig', name: 'External NAT', ...ask.body, natIP }];
        use(cloud, natIP, path);
        await cloud.realizer.route(natIP, { kind: 'machine', id: String(message.id) });
      },
    });
  },
  'instances.deleteAccessConfig'(cloud, ask) {
    const path = pathOf(ask);
    const { message } = cloud.store.get(path);
    const network = interfaceNamed(message, ask.params.networkInterface);
    const named = (config: AccessConfig) => config.name === ask.params.accessConfig;
    return cloud.change(ask, path, {
      check() {
        if (network.accessConfigs.some(named)) return;
        const status = cloud.rules.missingAccessConfig;
        const words = `Access config '${ask.params.accessConfig}' does not exist on ${path}`;
        throw status === 404 ? new Refusal(404, 'notFound', words) : invalid(words);
      },
      async apply() {
        const gone = network.accessConfigs.filter(named);
        network.accessConfigs = network.accessConfigs.filter((config) => !named(config));
        for (const { natIP } of gone) if (natIP) await dropAddress(cloud, natIP);
      },
    });
  },
};

function insert(cloud: GceCloud, ask: Ask): Message {
  const { zone = '' } = ask.params;
  cloud.mustBeZone(zone);
  const { body } = ask;
  const wanted = (body.networkInterfaces as Interface[] | undefined)?.[0];
  if (!wanted)
    throw invalid(
      "Invalid value for field 'resource.networkInterfaces': ''. At least one network interface is required.",
    );
  cloud.mustBeNetwork(wanted.network as string | undefined);
  if (String(wanted.network).endsWith('/custom') && !wanted.subnetwork) {
    throw invalid(
      "Invalid value for field 'resource.networkInterfaces[0]': Subnetwork should be specified for custom subnetmode network",
    );
  }
  const [disk] = (body.disks as Message[] | undefined) ?? [];
  if (!disk?.boot)
    throw invalid(
      "Invalid value for field 'resource.disks': ''. Boot disk must be the first disk attached to the instance.",
    );
  if (!String(body.machineType).startsWith(`zones/${zone}/machineTypes/`))
    throw invalid(`Invalid value for field 'resource.machineType': '${body.machineType}'`);
  const name = String(body.name);
  const initialize = (disk.initializeParams as Message | undefined) ?? {};
  const network: Interface = { ...wanted, name: 'nic0', accessConfigs: wanted.accessConfigs ?? [] };
  return cloud.insert(ask, {
    scope: `zones/${zone}`,
    collection: 'instances',
    kind: 'instance',
    message: {
      ...body,
      status: 'PROVISIONING',
      networkInterfaces: [network],
      fingerprint: 'Zg==',
      labelFingerprint: 'bA==',
    },
    async apply(resource) {
      const { message, path } = resource;
      const id = String(message.id);
      const role = roleOf((message.labels as Record<string, string> | undefined)?.['haup-role'], name);
      const made = await cloud.realizer.create({ id, name, role, zone }, startupScript(message));
      network.networkIP = made.internalIp;
      network.accessConfigs = network.accessConfigs.map((config) => ({
        ...config,
        kind: 'compute#accessConfig',
        natIP: config.natIP ?? cloud.realizer.allocateAddress(),
      }));
      for (const { natIP = '' } of network.accessConfigs) {
        await cloud.realizer.route(natIP, { kind: 'machine', id });
      }
      cloud.store.add(
        `zones/${zone}/disks/${name}`,
        'disk',
        {
          name,
          labels: initialize.labels ?? {},
          users: [cloud.store.link(path)],
          status: 'READY',
          sizeGb: String(initialize.diskSizeGb ?? 10),
          type: cloud.store.link(String(initialize.diskType ?? `zones/${zone}/diskTypes/pd-standard`)),
        },
        false,
      );
      message.status = 'RUNNING';
      await leadPods(cloud);
    },
  });
}

async function deleteInstance(cloud: GceCloud, path: string): Promise<void> {
  const { message } = cloud.store.get(path);
  for (const { natIP } of firstInterface(message).accessConfigs) if (natIP) await dropAddress(cloud, natIP);
  // A deleted VM leaves its groups (compute v1 reference, instanceGroups).
  leaveGroups(cloud, path);
  message.status = 'STOPPING';
  // A route to it stays, and leads nowhere: NEXT_HOP_INSTANCE_NOT_FOUND (compute v1 reference, `routes`).
  await leadPods(cloud);
  await cloud.realizer.delete(String(message.id));
  const disk = `${path.replace('/instances/', '/disks/')}`;
  const [boot] = message.disks as Message[];
  if (boot?.autoDelete) cloud.store.remove(disk);
  else Object.assign(cloud.store.get(disk).message, { users: [] });
}

/** What has no access config gets no address (Google, "Configure static external IP addresses"). */
async function startInstance(cloud: GceCloud, message: Message): Promise<void> {
  await cloud.realizer.start(String(message.id), startupScript(message));
  message.status = 'RUNNING';
  for (const config of firstInterface(message).accessConfigs) {
    config.natIP ??= cloud.realizer.allocateAddress();
    await cloud.realizer.route(config.natIP, { kind: 'machine', id: String(message.id) });
  }
  await leadPods(cloud);
}

/** A stopped VM gives its ephemeral address back and keeps a static one (Google, "IP addresses"). */
async function stopInstance(cloud: GceCloud, message: Message): Promise<void> {
  await cloud.realizer.stop(String(message.id));
  message.status = 'TERMINATED';
  await leadPods(cloud);
  for (const config of firstInterface(message).accessConfigs) {
    if (!config.natIP) continue;
    await cloud.realizer.route(config.natIP, null);
    const isStatic = cloud.store.all('addresses').some((each) => each.message.address === config.natIP);
    if (isStatic) continue;
    cloud.realizer.freeAddress(config.natIP);
    delete config.natIP;
  }
}

async function dropAddress(cloud: GceCloud, natIP: string): Promise<void> {
  await cloud.realizer.route(natIP, null);
  letGo(cloud, natIP);
}

function firstInterface(message: Message): Interface {
  return (message.networkInterfaces as Interface[])[0] as Interface;
}

function interfaceNamed(message: Message, name: string | undefined): Interface {
  const first = firstInterface(message);
  if (first.name !== name) throw invalid(`Invalid value for field 'networkInterface': '${name}'`);
  return first;
}

/** The guest agent runs it at every boot (Google, "Use startup scripts on Linux VMs"). */
function startupScript(message: Message): string | null {
  const items =
    ((message.metadata as Message | undefined)?.items as { key: string; value: string }[] | undefined) ?? [];
  return items.find((item) => item.key === 'startup-script')?.value ?? null;
}

/** What happens to an instance without haup: by hand in the console, or by Google. */
export const behindItsBack = {
  letGo,
  find(cloud: GceCloud, name: string): Resource {
    const found = cloud.store.all('instances').find((each) => each.message.name === name);
    if (!found) throw new Error(`no instance ${name}`);
    return found;
  },
  async delete(cloud: GceCloud, name: string): Promise<void> {
    const { path } = behindItsBack.find(cloud, name);
    await deleteInstance(cloud, path);
    cloud.store.remove(path);
  },
  stop: (cloud: GceCloud, name: string): Promise<void> =>
    stopInstance(cloud, behindItsBack.find(cloud, name).message),
  start: (cloud: GceCloud, name: string): Promise<void> =>
    startInstance(cloud, behindItsBack.find(cloud, name).message),
};
