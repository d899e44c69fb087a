import type { ProviderTraits } from '../traits.ts';

export const aws: ProviderTraits = {
  zones: {
    first: 'us-west-2a', // kube-up's own
    firstIn: () => null,
    regionOf: (zone) => zone.replace(/[a-z]$/, ''),
    example: 'eu-west-1a',
  },
  settings: {
    project: null, // the account is that of the credentials
    account: [],
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
  variables: { cluster: ['KUBE_AWS_INSTANCE_PREFIX'], zone: ['KUBE_AWS_ZONE'] },
  capabilities: {
    keepsConnections: false,
    deliversToApiAddress: false,
    resolvesNames: true,
    reachesOthers: true,
  },
  networks: [],
};
