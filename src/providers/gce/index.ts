import { type Clock, systemClock } from '../../util/clock.ts';
import { once } from '../../util/once.ts';
import type { OpenProvider, Provider, ProviderOptions } from '../provider.ts';
import { operatorAddress } from '../shared/operator-address.ts';
import { openAddress } from './address/address.ts';
import { openHandover } from './address/handover.ts';
import { type Context, openCloud } from './api/cloud.ts';
import { googleAuth, type Login } from './api/login.ts';
import { type Around, type Clients, endpointFrom, openClients, openRest } from './api/rest.ts';
import { openBalancer } from './balancer/balancer.ts';
import { type Instances, openMachines } from './machines.ts';
import { descriptionOf, namesOf } from './names.ts';
import { openNetwork } from './network.ts';
import { openRoutes } from './pod-routes.ts';
import { preflight } from './preflight.ts';
import { checkSettings } from './settings.ts';
import { gce } from './traits.ts';
import { zoneReader } from './zones.ts';

/** What the provider takes from the world around it; tests give another one. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: () => number;
  readonly login: (project: string | undefined) => Login;
  readonly operatorAddress: (signal: AbortSignal) => Promise<string>;
  readonly around: Around;
  /** Clients that several providers share; default: each has its own. */
  readonly clients?: Clients;
}

const world: Surroundings = {
  clock: systemClock,
  random: Math.random,
  login: (project) => googleAuth({ project }),
  operatorAddress,
  around: (_method, _request, send) => send(),
};

export const open: OpenProvider = (options) => openWith(options, world);

/** @throws ProviderError `invalid` for settings that GCE has no use for. */
export function openWith(options: ProviderOptions, around: Surroundings): Provider {
  const { cluster, signal, progress, environment } = options;
  const { clock, random } = around;
  const settings = checkSettings(cluster, options.settings);
  let login: Login | undefined;
  const loggedIn = () => {
    login ??= around.login(settings.project ?? (environment.CLOUDSDK_CORE_PROJECT || undefined));
    return login;
  };
  const endpoint = endpointFrom(environment);
  const clients = around.clients ?? openClients({ auth: () => loggedIn().auth, endpoint });
  const rest = openRest(clients, around.around);
  const project = once(async () => loggedIn().project());
  const { uid, region } = cluster;
  const cloud = openCloud({ rest, uid, region, project, clock, random, signal });
  const context: Context = {
    cluster,
    names: namesOf(cluster),
    description: descriptionOf(cluster),
    clock,
    progress,
    cloud,
  };
  const zones = zoneReader(context);
  const allInstances = () => machines.all();
  const network = openNetwork(context, settings, {
    operatorAddress: once(() => around.operatorAddress(signal)),
    instances: allInstances,
    routes: openRoutes(context, settings, allInstances),
    podRange: options.podRange,
  });
  const machines: Instances = openMachines(context, settings, zones, network.admitNodes);
  const balancer = openBalancer(context, settings, machines);
  const address = openAddress(context);
  return {
    name: 'gce',
    capabilities: gce.capabilities,
    drainSeconds: 10,
    preflight: () => preflight(context, loggedIn, zones),
    home: async () => ({ project: await project() }),
    zones,
    machines,
    address: { ...address, handOver: openHandover(context, machines, balancer, address.read) },
    balancer,
    network,
    binaries: { kind: 'download' },
    interruption: () => ({
      promotion: [4, 30],
      demotion: [6, 30],
      replacement: [4, 30],
      note: 'Google Compute Engine usually makes or deletes a forwarding rule in 2 to 10 s; haup has seen no account on which to measure it.',
    }),
    close: () => clients.close(),
  };
}
