import type { ProviderTraits } from '../traits.ts';
import { regionOf } from './names.ts';

export const gce: ProviderTraits = {
  zones: {
    first: 'us-central1-b', // kube-up's own
    firstIn: () => null,
    regionOf,
    example: 'europe-west1-b',
  },
  settings: {
    project: ['PROJECT', 'CLOUDSDK_CORE_PROJECT'],
    account: null, // its clusters are in projects
    machineType: ['MASTER_SIZE'],
    diskSizeGb: ['MASTER_DISK_SIZE'],
    diskType: ['MASTER_DISK_TYPE'],
    image: [],
    network: [],
    subnets: [],
    allowFrom: [],
    sshFrom: [],
    nodeMachineType: ['NODE_SIZE'],
    nodeDiskSizeGb: ['NODE_DISK_SIZE'],
  },
  variables: { cluster: ['KUBE_GCE_INSTANCE_PREFIX'], zone: ['KUBE_GCE_ZONE'] },
  // A passthrough balancer, and a forwarding rule for a single machine, leave the destination as it is.
  capabilities: {
    keepsConnections: false,
    deliversToApiAddress: true,
    resolvesNames: true,
    reachesOthers: true,
  },
  networks: [],
};
