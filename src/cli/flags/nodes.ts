import { choice, list, number, text, toggle, withFallback } from '../flag.ts';
import * as values from '../input/values.ts';
import { byProvider, kubeUp } from '../input/variables.ts';

// Nodes: machines that run pods.

export const nodes = withFallback(
  number('nodes', 'N', 'how many nodes, 0 to 100', values.wholeNumber(0, 100), kubeUp('NUM_NODES')),
  0,
);
/** kube-up's own default. */
export const kubeUpNodes = withFallback(nodes, 3);
export const nodeZones = list('node-zones', 'A,B,C', 'the zones of the nodes, in turn', values.zoneName, {
  defaultText: "the replicas' zones",
});
export const nodeMachineType = text(
  'node-machine-type',
  'TYPE',
  'the kind of VM of nodes',
  values.cloudName,
  {
    defaultText: "the masters'",
    ...byProvider('nodeMachineType'),
  },
);
export const nodeDiskSize = number(
  'node-disk-size',
  'GB',
  'the size of the disk of nodes',
  values.gigabytes,
  {
    defaultText: "the masters'",
    ...byProvider('nodeDiskSizeGb'),
  },
);
export const nodeLabels = list(
  'node-label',
  'KEY=VALUE',
  'a label of every node; may be repeated',
  values.nodeLabel,
  { defaultText: 'those of zone, region and type', ...kubeUp('NODE_LABELS') },
);
export const nodeTaints = list(
  'node-taint',
  'KEY=VALUE:EFFECT',
  'a taint of every node; may be repeated',
  values.nodeTaint,
  { defaultText: 'none', ...kubeUp('NODE_TAINTS') },
);
export const clusterCidr = text(
  'cluster-cidr',
  'CIDR',
  "all pods' addresses, a /24 for each node",
  values.cidr,
  {
    defaultText: '10.244.0.0/16',
    ...kubeUp('CLUSTER_IP_RANGE'),
  },
);
export const serviceCidr = text('service-cidr', 'CIDR', "all Services' addresses", values.cidr, {
  defaultText: '10.96.0.0/12',
  ...kubeUp('SERVICE_CLUSTER_IP_RANGE'),
});
export const cni = choice(
  'cni',
  'WHOSE',
  "haup: pods' addresses are routed; none: you bring the pods' network (Cilium, Calico, …)",
  ['haup', 'none'],
);
export const images = list(
  'images',
  'FILE',
  'an OCI archive that nodes import, where no registry can be reached; may be repeated',
  values.filePath,
  { defaultText: 'none' },
);
export const addons = list(
  'addons',
  'DIR',
  'a folder of manifests that the masters keep in the cluster; may be repeated',
  values.filePath,
  { defaultText: 'none' },
);
export const noAddons = toggle('none', 'no add-ons but haup’s own');
export const drainTimeout = withFallback(
  text('drain-timeout', 'TIME', 'how long disruption budgets may refuse', values.duration, {
    defaultText: '5m',
  }),
  5 * 60_000,
);
export const ttl = withFallback(
  text('ttl', 'TIME', 'how long the token is good, 1m to 7d', values.durationBetween(60, 7 * 24 * 3600), {
    defaultText: '1h',
  }),
  60 * 60_000,
);
export const force = toggle(
  'force',
  'also end pods that nothing makes again, and those whose budgets refuse until the time is over',
);
