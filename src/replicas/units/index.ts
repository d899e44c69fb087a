import type { Component, ReplicaConfig } from '../config.ts';
import { programPath } from '../programs.ts';
import { addonsUnit } from './addons.ts';
import { apiServerUnit } from './api-server.ts';
import { controllerManagerUnit } from './controller-manager.ts';
import { etcdUnit } from './etcd.ts';
import { federationUnit } from './federation.ts';
import { kubernetesEndpointsUnit } from './kubernetes-endpoints.ts';
import { localRouteUnit } from './local-route.ts';
import { ADDONS_UNIT, FEDERATION_UNIT, unit } from './names.ts';
import { schedulerUnit } from './scheduler.ts';
import { serviceAddressesUnit } from './service-addresses.ts';

type MakeUnit = (config: ReplicaConfig) => string | null;

/** Every unit that a release can have, by its name; null: not with this configuration. A new one is a file and a line here. */
export const units = {
  [unit.etcd]: (config) =>
    etcdUnit({ ...config, program: programPath(config, 'etcd'), ...extra(config, 'etcd') }),
  [unit.apiServer]: (config) =>
    apiServerUnit({
      ...config,
      program: programPath(config, 'kube-apiserver'),
      ...extra(config, 'apiServer'),
    }),
  [unit.controllerManager]: (config) =>
    controllerManagerUnit({
      ...config,
      program: programPath(config, 'kube-controller-manager'),
      keepsObjectsOnly: config.federation !== undefined,
      ...extra(config, 'controllerManager'),
    }),
  [unit.scheduler]: (config) =>
    // A federation keeps objects, and runs nothing.
    config.federation
      ? null
      : schedulerUnit({
          ...config,
          program: programPath(config, 'kube-scheduler'),
          ...extra(config, 'scheduler'),
        }),
  [unit.endpoints]: () => kubernetesEndpointsUnit(),
  [ADDONS_UNIT]: () => addonsUnit(),
  [FEDERATION_UNIT]: (config) => (config.federation ? federationUnit(config) : null),
  'haup-service-addresses.service': ({ serviceAddresses }) =>
    serviceAddresses === null ? null : serviceAddressesUnit(),
  'haup-api-address.service': ({ localRoute, apiAddress }) =>
    localRoute ? localRouteUnit(apiAddress) : null,
} satisfies Readonly<Record<`${string}.service`, MakeUnit>>;

/** What the user adds to a component's arguments. */
function extra({ extraArguments, featureGates }: ReplicaConfig, component: Component) {
  const gates = Object.entries(featureGates?.[component] ?? {});
  const flags = {
    ...(gates.length > 0 ? { 'feature-gates': gates.map(([name, on]) => `${name}=${on}`).join(',') } : {}),
    ...extraArguments?.[component],
  };
  return Object.keys(flags).length > 0 ? { extra: flags } : {};
}

/** Their names: what a look at a machine reads, with what somebody has put beside them. */
export const releaseUnits = Object.keys(units) as readonly (keyof typeof units)[];
