import { type ProviderName, providerNames } from '../../providers/registry.ts';
import { choice, list, type More, number, text, toggle, withFallback } from '../flag.ts';
import * as values from '../input/values.ts';
import { byProvider, kubeUp } from '../input/variables.ts';

const ofRelease: More = { defaultText: 'the newest that this haup was tested with' };

// What cluster, and where.

export const cluster = withFallback(
  text('cluster', 'NAME', 'the cluster', values.clusterName, {
    short: 'c',
    ...byProvider('cluster'),
  }),
  'kubernetes',
);
export const provider = choice(
  'provider',
  'NAME',
  values.either(providerNames),
  providerNames,
  kubeUp('KUBERNETES_PROVIDER'),
);
/** kube-up's own default. */
export const kubeUpProvider = withFallback<ProviderName>(provider, 'gce');
export const zone = text('zone', 'ZONE', 'the zone of the replica', values.zoneName, {
  ...byProvider('zone'),
});
export const zones = list('zones', 'A,B,C', 'the zones of the replicas, in turn', values.zoneName, {
  defaultText: 'the zone',
});
export const multizone = toggle(
  'multizone',
  'replicas may stand in several zones of one region',
  kubeUp('MULTIZONE'),
);
export const region = text('region', 'REGION', 'the region', values.regionName, {
  defaultText: "the zone's; local: `local`",
});

// How many, and what runs on them.

export const replicas = number(
  'replicas',
  'N',
  'how many master replicas, 1 to 9',
  values.wholeNumber(1, 9),
  { defaultText: 'one for each of --zones, or 1' },
);
export const count = number('count', 'N', 'this many as one operation', values.wholeNumber(1, 8), {
  defaultText: '1',
});
export const balancer = choice(
  'balancer',
  'WHEN',
  'auto: from the second replica on; always: from the first, so that the address never moves',
  ['auto', 'always'],
);
export const kubernetesVersion = text(
  'kubernetes-version',
  'V',
  'a Kubernetes release',
  values.kubernetesVersion,
  ofRelease,
);
export const etcdVersion = text('etcd-version', 'V', 'an etcd release', values.etcdVersion, ofRelease);
export const etcdQuorumRead = toggle(
  'etcd-quorum-read',
  'kept for kube-up: reads are always linearizable',
  kubeUp('ENABLE_ETCD_QUORUM_READ', 'ENABLE_ETCD_QUORUM_READS'),
  true,
);
export const apiPort = withFallback(
  number(
    'api-port',
    'PORT',
    'where the API server listens, on the API address and on the replicas',
    values.apiPort,
  ),
  443,
);

export const requestTimeout = withFallback(
  text(
    'request-timeout',
    'TIME',
    'how long an API server works at a request that is no watch',
    values.durationBetween(5, 3600),
    { defaultText: '60s' },
  ),
  60_000,
);
