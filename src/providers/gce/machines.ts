import type { Machine, MachineRequest, Machines } from '../provider.ts';
import { openLook } from '../shared/look.ts';
import { poll } from '../shared/poll.ts';
import { needRole, roleOf } from '../shared/role.ts';
import { freshToken, uuidFor } from '../shared/tokens.ts';
import { ACCESS_CONFIG, addAddress, isBare } from './address/access.ts';
import type { Context } from './api/cloud.ts';
import { isExisting, remove } from './api/common.ts';
import { GceError, misunderstood } from './api/errors.ts';
import { externalIpOf, type Instance, instance } from './api/schemas.ts';
import { bootScriptEveryBoot } from './boot-script.ts';
import { GCE_NAME, labelsOf, lastPart, ROLE_LABEL, regionOf } from './names.ts';
import { forgetRoutes } from './pod-routes.ts';
import type { GceSettings } from './settings.ts';
import { mustBeZone } from './zones.ts';

const STATE_LIMIT_MS = 10 * 60_000;

/** The instances of the cluster, with what the other parts of the provider need of them. */
export interface Instances extends Machines {
  /** One instance of the cluster as it is now. @throws `not-found`. */
  find(name: string): Promise<Instance>;
  /** All instances of the cluster, in whatever state. */
  all(): Promise<readonly Instance[]>;
}

export function openMachines(
  context: Context,
  settings: GceSettings,
  zones: () => Promise<readonly string[]>,
  /** Lets in what nodes need; before the first of them is there. */
  admitNodes: () => Promise<void>,
): Instances {
  const { cloud, cluster } = context;
  /** Where machines are: a name is never used again, so what was once seen of it stays true. */
  const zoneOfName = new Map<string, string>();
  /** To these there is no route. */
  const masters = new Set<string>();
  const seen = openLook<Instance>({
    idOf: ({ name }) => name,
    isMoving: (instance) => !isSettled(instance),
    settled,
  });

  async function all(): Promise<readonly Instance[]> {
    const filter = `labels.haup-uid = "${cluster.uid}"`;
    const found = await cloud.aggregated('instances.aggregatedList', { filter }, 'instances', instance);
    const own = found.filter((each) => each.labels['haup-uid'] === cluster.uid);
    if (own.length < found.length)
      throw misunderstood('reading instances', "something without this cluster's label haup-uid");
    for (const each of own) {
      zoneOfName.set(each.name, lastPart(each.zone));
      if (roleOf(each.labels[ROLE_LABEL], each.name) === 'master') masters.add(each.name);
    }
    return own.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  const read = (zone: string, name: string) => cloud.get('instances.get', { zone, instance: name }, instance);

  async function locate(name: string): Promise<Instance | null> {
    const zone = zoneOfName.get(name);
    if (zone === undefined) return (await all()).find((each) => each.name === name) ?? null;
    const found = await read(zone, name);
    return found?.labels['haup-uid'] === cluster.uid ? found : null;
  }

  async function find(name: string): Promise<Instance> {
    const found = await locate(name);
    if (found) return found;
    throw new GceError('not-found', 'notFound', `the cluster has no instance ${name}`);
  }

  /** Waits out states in between, or until `patienceMs` are over. Null when the instance is gone at the end of them. */
  async function settled(first: Instance, patienceMs = Number.POSITIVE_INFINITY): Promise<Instance | null> {
    let current: Instance | null = first;
    if (isSettled(first)) return first;
    const until = context.clock.now() + patienceMs;
    context.progress(`${first.name}: waiting for the instance, which is ${first.status.toLowerCase()}`);
    return poll(
      async () => {
        current = await read(lastPart(first.zone), first.name);
        const enough = current === null || isSettled(current) || context.clock.now() >= until;
        return enough ? current : undefined;
      },
      {
        what: `the instance ${first.name} to be running or stopped`,
        clock: context.clock,
        signal: cloud.signal,
        timeoutMs: STATE_LIMIT_MS,
        last: () => current && `it is ${current.status}`,
      },
    );
  }

  /** The instance, running; started if it is not. */
  async function running(first: Instance): Promise<Machine> {
    let current = await settled(first);
    if (current && current.status !== 'RUNNING') {
      const { name } = current;
      const method = current.status === 'SUSPENDED' ? 'instances.resume' : 'instances.start';
      context.progress(`${name}: starting the instance`);
      await cloud.mutate(
        method,
        { zone: lastPart(current.zone), instance: name },
        `starting the instance ${name}`,
      );
      const after = await find(name);
      current = await settled(after);
    }
    if (current?.status === 'RUNNING') return machineOf(await reachable(current));
    throw new GceError('transient', 'notRunning', `the instance ${first.name} did not stay running`, {
      advice: `gcloud compute instances get-serial-port-output ${first.name} --zone ${lastPart(first.zone)} may say why.`,
    });
  }

  /** A machine that the API address has left while it was stopped comes back without any public address. */
  async function reachable(current: Instance): Promise<Instance> {
    if (!isBare(current)) return current;
    await addAddress(context, current);
    return find(current.name);
  }

  async function insert(request: MachineRequest, firstId: string): Promise<Instance | null> {
    const { name, zone } = request;
    const instanceResource = instanceFor(context, settings, request);
    let requestId = firstId;
    for (let attempt = 0; ; attempt++) {
      try {
        const what = `creating the instance ${name}`;
        await cloud.mutate('instances.insert', { zone, instanceResource }, what, { requestId });
        return await read(zone, name);
      } catch (error) {
        if (!isExisting(error)) throw await withOtherZones(error, zone, zones);
        const found = await read(zone, name);
        if (found) return found;
        // Exists, and cannot be read: the operation of a run that did not wait for its end is making it, or deletes it.
        if (attempt === 20) throw error;
        await context.clock.sleep(1000 + attempt * 500, cloud.signal);
        requestId = freshToken(cluster.uid, name);
      }
    }
  }

  return {
    find,
    all,
    async list() {
      const machines = await Promise.all((await all()).map(seen));
      return machines.filter((each) => each !== null).map(machineOf);
    },
    async create(request) {
      const { name, zone, requestToken } = request;
      if (!GCE_NAME.test(name)) throw new GceError('invalid', 'name', `"${name}" cannot name an instance`);
      // A zone of the region that does not exist is refused by the cloud: see withOtherZones.
      if (regionOf(zone) !== cluster.region) await mustBeZone(zones, zone);
      if (request.role === 'node') await admitNodes();
      context.progress(`${name}: creating the instance in ${zone}`);
      // A request id that GCE has answered before is ignored, even when its instance was deleted since: then the
      // second id makes it. The name keeps a second instance from being made.
      const made =
        (await insert(request, uuidFor(cluster.uid, name, requestToken))) ??
        (await insert(request, freshToken(cluster.uid, name)));
      if (!made)
        throw new GceError(
          'transient',
          'vanished',
          `the instance ${name} was deleted while it was being made`,
        );
      if (made.labels['haup-uid'] !== cluster.uid) {
        throw new GceError(
          'conflict',
          'foreign',
          `an instance ${name} exists in ${zone} and is not of this cluster`,
          {
            advice: 'Delete it, or give this cluster another name.',
          },
        );
      }
      needRole(name, roleOf(made.labels[ROLE_LABEL], name), request.role);
      zoneOfName.set(name, zone);
      return running(made);
    },
    start: async (name) => running(await find(name)),
    async stop(name) {
      const current = await settled(await find(name));
      if (current?.status !== 'RUNNING') return;
      context.progress(`${name}: stopping the instance`);
      const where = { zone: lastPart(current.zone), instance: name };
      await cloud.mutate('instances.stop', where, `stopping the instance ${name}`);
    },
    async reset(name) {
      const current = await settled(await find(name));
      if (current?.status !== 'RUNNING')
        throw new GceError('conflict', 'stopped', `the instance ${name} does not run, and cannot be reset`);
      context.progress(`${name}: resetting the instance`);
      const where = { zone: lastPart(current.zone), instance: name };
      await cloud.mutate('instances.reset', where, `resetting the instance ${name}`);
    },
    async delete(name) {
      const zone =
        zoneOfName.get(name) ?? (await locate(name).then((found) => found && lastPart(found.zone)));
      // First: a route to an instance that is gone would not say whose it was.
      if (!masters.has(name)) await forgetRoutes(context, name);
      if (!zone) return;
      context.progress(`${name}: deleting the instance`);
      await remove(context, 'instances.delete', { zone, instance: name }, `deleting the instance ${name}`);
    },
    async providerId(name) {
      const { zone } = await find(name);
      return `gce://${await cloud.project()}/${lastPart(zone)}/${name}`;
    },
  };
}

function isSettled({ status }: Instance): boolean {
  return ['RUNNING', 'TERMINATED', 'STOPPED', 'SUSPENDED'].includes(status);
}

function machineOf(found: Instance): Machine {
  const running = found.status === 'RUNNING';
  const externalIp = externalIpOf(found);
  return {
    name: found.name,
    role: roleOf(found.labels[ROLE_LABEL], found.name),
    zone: lastPart(found.zone),
    state: running ? 'running' : 'stopped',
    internalIp: found.networkInterfaces[0]?.networkIP ?? '',
    externalIp,
    sshHost: running ? externalIp : null,
  };
}

function instanceFor({ cluster, names }: Context, settings: GceSettings, request: MachineRequest) {
  const { name, zone, role } = request;
  const labels = labelsOf(cluster, request);
  const { network, subnetwork } = settings;
  const { machineType, diskSizeGb, diskType, image } = settings.machines[role];
  return {
    name,
    description: `haup-cluster=${cluster.name} haup-uid=${cluster.uid}`,
    machineType: `zones/${zone}/machineTypes/${machineType}`,
    labels,
    tags: { items: [role === 'node' ? names.nodeTag : names.tag] },
    // Packets of pods carry pods' addresses, which are not the instance's own.
    canIpForward: role === 'node',
    disks: [
      {
        boot: true,
        autoDelete: true,
        initializeParams: {
          sourceImage: image,
          diskSizeGb: String(diskSizeGb),
          diskType: `zones/${zone}/diskTypes/${diskType}`,
          labels,
        },
      },
    ],
    networkInterfaces: [{ network, ...(subnetwork ? { subnetwork } : {}), accessConfigs: [ACCESS_CONFIG] }],
    // No service account: nothing on a machine needs Google's APIs.
    shieldedInstanceConfig: { enableSecureBoot: true, enableVtpm: true, enableIntegrityMonitoring: true },
    metadata: {
      items: [
        { key: 'startup-script', value: bootScriptEveryBoot(request.bootScript) },
        // Nobody but the operator of the cluster logs in: neither by the project's keys nor by OS Login.
        { key: 'block-project-ssh-keys', value: 'TRUE' },
        { key: 'enable-oslogin', value: 'FALSE' },
      ],
    },
  };
}

/** A zone without capacity, or none at all: say where else the machine could stand. */
async function withOtherZones(
  error: unknown,
  zone: string,
  zones: () => Promise<readonly string[]>,
): Promise<unknown> {
  if (!(error instanceof GceError)) return error;
  const full = /^(ZONE_RESOURCE_POOL|STOCKOUT|RESOURCE_POOL)/.test(error.reason);
  const unknown = error.kind === 'not-found' && error.message.includes(`/zones/${zone}'`);
  if (!full && !unknown) return error;
  const others = (await zones()).filter((each) => each !== zone).join(', ');
  const advice = full
    ? `Try again later, or another zone of the region: ${others}.`
    : `The zones of the region are ${others}.`;
  return new GceError(error.kind, error.reason, error.message, { advice });
}
