/** Every flag there is, once. */
import { duties } from '../cluster/model/guard.ts';
import { actNames } from '../drill/acts.ts';
import { type ProviderName, providerNames } from '../providers/registry.ts';
import { choice, list, type More, number, text, toggle, withFallback } from './flag.ts';
import { drillGoal } from './input/drill-goal.ts';
import * as values from './input/values.ts';
import { byProvider, kubeUp } from './input/variables.ts';

const ofProvider: More = { defaultText: "the provider's" };
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

// The machines and their network.

export const project = text('project', 'ID', 'the GCE project', values.cloudName, {
  defaultText: "the credentials'",
  ...byProvider('project'),
});
export const machineType = text('machine-type', 'TYPE', 'the kind of VM', values.cloudName, {
  ...ofProvider,
  ...byProvider('machineType'),
});
export const diskSize = number('disk-size', 'GB', 'the size of the disk', values.gigabytes, {
  ...ofProvider,
  ...byProvider('diskSizeGb'),
});
export const diskType = text(
  'disk-type',
  'TYPE',
  'the kind of disk, such as pd-ssd or gp3',
  values.cloudName,
  {
    ...ofProvider,
    ...byProvider('diskType'),
  },
);
export const image = text('image', 'IMAGE', "the machine's image", values.cloudName, ofProvider);
export const network = text('network', 'NAME', 'an existing network', values.cloudName, ofProvider);
export const subnets = list('subnets', 'A,B', 'existing subnets, one a zone', values.cloudName, {
  defaultText: 'found by zone',
});
export const allowFrom = list(
  'allow-from',
  'CIDR',
  'who may reach the API port; may be repeated',
  values.cidr,
  { defaultText: 'anyone' },
);
export const sshFrom = list('ssh-from', 'CIDR', 'who may reach port 22; may be repeated', values.cidr, {
  defaultText: 'your own address',
});

// Backups.

export const backupTo = text(
  'backup-to',
  'REPOSITORY',
  'where etcd is backed up to, as restic has it: s3:https://host/bucket/prefix, gs:bucket:/prefix, rest:https://host/, /folder',
  values.repository,
  { defaultText: 'nowhere' },
);
export const backupEvery = withFallback(
  text('backup-every', 'TIME', 'how often, 15s to 24h', values.durationBetween(15, 24 * 3600), {
    defaultText: '1m',
  }),
  60_000,
);
export const backupKeep = withFallback(
  text(
    'backup-keep',
    'ALL,HOURLY,DAILY',
    'how long all are kept, then one an hour, then one a day, such as 1h,1d,30d',
    values.retention,
    { defaultText: '1h,1d,30d' },
  ),
  { allHours: 1, hourlyDays: 1, dailyDays: 30 },
);
export const backupCredentials = text(
  'backup-credentials',
  'FILE',
  "what masters write there with: an AWS credentials file, or a Google service account's key; need not allow to delete",
  values.filePath,
  { defaultText: 'what the machines have of the cloud itself' },
);

export const from = text('from', 'REPOSITORY', 'where the backups of the cluster are', values.repository);
export const backup = text('backup', 'ID', 'the backup to restore, whoever survived', values.backupId, {
  defaultText: 'the newest one, if nobody survived',
});

// What to do, and how to say it.

export const dryRun = toggle('dry-run', 'print the whole plan and change nothing');
export const allCertificates = toggle('all', 'all of them, whatever is left of their lives');
export const abandon = toggle('abandon', 'settle for what is there, instead of finishing what was begun');
export const documentFile = text(
  'filename',
  'FILE',
  'the document, as haup config show prints it; -: standard input',
  values.filePath,
  {
    short: 'f',
  },
);
export const rollback = toggle('rollback', 'go back to the version from which the last upgrade came');
export const finalize = toggle('finalize', 'end the last upgrade: the new version in full, and no way back');
export const fenced = list(
  'fenced',
  'NAME',
  'a replica that cannot be reached and, you say, stays away for good; may be repeated',
  values.replicaName,
);
export const replicateExistingMaster = toggle(
  'replicate-existing-master',
  'add a replica to a cluster that exists',
  kubeUp('KUBE_REPLICATE_EXISTING_MASTER'),
);
export const deleteNodes = toggle(
  'delete-nodes',
  'false: remove one replica; true: delete the cluster, if one replica is left',
  kubeUp('KUBE_DELETE_NODES'),
  true,
);
export const replicaName = text('replica-name', 'NAME', 'the replica to remove', values.replicaName, {
  defaultText: 'any one in the zone',
  ...kubeUp('KUBE_REPLICA_NAME'),
});
// What a drill does, and what is wanted of it.

export const acts = withFallback(
  list('acts', 'A,B,C', `what is played, in this order: ${actNames.join(', ')}`, values.oneOf(...actNames), {
    defaultText: 'all',
  }),
  actNames,
);
export const hold = withFallback(
  text('for', 'TIME', 'how long what is hurt stays so, 1s to 10m', values.durationBetween(1, 600), {
    defaultText: '10s',
  }),
  10_000,
);
export const goals = list(
  'goal',
  'GOAL=MOST',
  `what every act is measured against: writes-resume=3s, reads-resume=1s, recovery=30s, failed-reads=0, failed-writes=5; of one act: zone:recovery=60s; may be repeated`,
  drillGoal,
  { defaultText: 'none' },
);
export const report = text(
  'report',
  'FILE',
  'where the report goes; the same in JSON beside it',
  values.filePath,
  {
    defaultText: 'CLUSTER-drill-TIME.html here',
  },
);
export const check = text(
  'check',
  'FILE',
  'only say whose report this is, and whether it is what was signed',
  values.filePath,
);
// What a guard may do.

export const once = toggle('once', 'look once, do at most one thing, and end: for cron');
export const may = list('may', 'A,B,C', `what it may do: ${duties.join(', ')}`, values.oneOf(...duties), {
  defaultText: 'nothing: it only says what it would do',
});
export const after = withFallback(
  text(
    'after',
    'TIME',
    'how long a replica has to be dead before it is replaced, 30s to 1d',
    values.durationBetween(30, 86_400),
    { defaultText: '5m' },
  ),
  5 * 60_000,
);
export const every = withFallback(
  text('every', 'TIME', 'from one look to the next, 5s to 1h', values.durationBetween(5, 3600), {
    defaultText: '30s',
  }),
  30_000,
);
export const yes = toggle('yes', 'do not ask', { short: 'y' });
export const to = text('to', 'URL', 'the store that it moves to', values.storeUrl);
export const watch = toggle('watch', 'keep looking', { short: 'w' });
export const merge = toggle('merge', 'write it into $KUBECONFIG or ~/.kube/config, keeping what is there');
export const file = text('file', 'FILE', 'write it into that file, keeping what is there', values.filePath);
export const user = withFallback(
  text('user', 'NAME', 'who it is for, as the API server and its audit log name them', values.apiUser),
  'haup-admin',
);
export const groups = list(
  'group',
  'GROUP',
  'what RBAC knows the user by; may be repeated',
  values.apiGroup,
  { defaultText: 'administrators' },
);
export const accessTtl = withFallback(
  text('ttl', 'TIME', 'how long it is good, 10m to 365d', values.durationBetween(600, 365 * 24 * 3600), {
    defaultText: '24h',
  }),
  24 * 60 * 60_000,
);
export const breakGlass = toggle(
  'break-glass',
  'an administrator whom no RBAC can refuse (system:masters), for when it is broken',
);
export const listIssued = toggle('list', 'what was handed out and has not ended');
export const endpoint = choice(
  'endpoint',
  'WHAT',
  "address: the API address; dns: the load balancer's DNS name, where the cloud gives one",
  ['address', 'dns'],
);
export const output = choice('output', 'FORMAT', 'text, json or yaml', ['text', 'json', 'yaml'], {
  short: 'o',
});

/** Every command has these. */
export const common = {
  config: text('config', 'FILE', 'a YAML file that sets flags by their names', values.filePath),
  store: text('store', 'URL', 'where clusters are remembered', values.storeUrl, {
    defaultText: 'file://$HAUP_HOME/clusters, HAUP_HOME being ~/.haup',
  }),
  storeIdentity: text(
    'store-identity',
    'FILE',
    'the age identity, or the passphrase, that secrets in an s3:// or gs:// store are sealed with',
    values.filePath,
  ),
  timeout: withFallback(
    text('timeout', 'TIME', 'give up after this long', values.duration, { defaultText: '30m' }),
    30 * 60_000,
  ),
  logFormat: choice(
    'log-format',
    'FORMAT',
    'text: a live display on a terminal, plain lines otherwise; plain; json: one event a line',
    ['text', 'plain', 'json'],
  ),
  debug: toggle('debug', 'show stack traces'),
} as const;
