import type { ProviderTraits } from '../traits.ts';
import { EXTERNAL_RANGE, PRIVATE_RANGE, zonesOf } from './address/addresses.ts';

export const local: ProviderTraits = {
  zones: {
    first: 'local-a',
    firstIn: (region) => zonesOf(region)[0]!,
    regionOf: (zone) => zone.replace(/-[a-z]$/, ''),
    example: 'local-a',
  },
  settings: {
    project: null,
    account: null,
    machineType: null,
    diskSizeGb: null,
    diskType: null,
    image: null,
    network: null,
    subnets: null,
    allowFrom: null,
    sshFrom: null,
    nodeMachineType: null,
    nodeDiskSizeGb: null,
  },
  // Its clusters and zones may be called like any cloud's.
  variables: {
    cluster: ['KUBE_GCE_INSTANCE_PREFIX', 'KUBE_AWS_INSTANCE_PREFIX'],
    zone: ['KUBE_GCE_ZONE', 'KUBE_AWS_ZONE'],
  },
  capabilities: {
    keepsConnections: true,
    deliversToApiAddress: false,
    resolvesNames: false,
    reachesOthers: false,
  },
  networks: [
    { cidr: PRIVATE_RANGE, whose: "the machines'" },
    { cidr: EXTERNAL_RANGE, whose: 'the external addresses of all clusters of this host' },
  ],
};
