import * as values from './input/values.ts';

/** Every flag there is, once: what it is called, what sets it, what it may hold, and what `--help` says of it. */
export interface Flag<T> {
  readonly name: string;
  readonly short?: string;
  /** Stands for the value in help; null for a switch, which takes none. */
  readonly value: string | null;
  readonly help: string;
  /** The default as help shows it, where `fallback` does not say it. */
  readonly defaultText?: string;
  readonly fallback?: T;
  /** Variables of kube-up that set it besides `HAUP_<FLAG>`, in order; one of a cloud counts only for that cloud. */
  readonly variables?: readonly Variable[];
  /** What the configuration file must hold. */
  readonly shape: 'text' | 'number' | 'boolean' | 'list';
  readonly parse: values.Parse<T>;
  /** All that it may hold, where that is a short list: for completion. */
  readonly choices?: readonly string[];
}

export interface Variable {
  readonly name: string;
  readonly provider?: 'gce' | 'aws';
}

export type Flags = Readonly<Record<string, Flag<unknown>>>;

/** The values of a command's flags: with a fallback always there, without one perhaps. */
export type Values<F extends Flags> = {
  readonly [K in keyof F]: F[K] extends { readonly fallback: infer T }
    ? Widened<T>
    : F[K] extends Flag<infer T>
      ? T | undefined
      : never;
};
type Widened<T> = T extends boolean ? boolean : T extends number ? number : T;

const PROVIDERS = ['local', 'gce', 'aws'] as const;
const BALANCERS = ['auto', 'always'] as const;
const ENDPOINTS = ['address', 'dns'] as const;
const OUTPUTS = ['text', 'json', 'yaml'] as const;
const LOG_FORMATS = ['text', 'plain', 'json'] as const;

export const cluster = {
  name: 'cluster',
  short: 'c',
  value: 'NAME',
  help: 'the cluster',
  fallback: 'kubernetes' as string,
  variables: [
    { name: 'KUBE_GCE_INSTANCE_PREFIX', provider: 'gce' },
    { name: 'KUBE_AWS_INSTANCE_PREFIX', provider: 'aws' },
  ],
  shape: 'text',
  parse: values.clusterName,
} satisfies Flag<string>;

export const provider = {
  name: 'provider',
  value: 'NAME',
  help: 'local, gce or aws',
  fallback: 'local' as (typeof PROVIDERS)[number],
  variables: [{ name: 'KUBERNETES_PROVIDER' }],
  shape: 'text',
  parse: values.oneOf(...PROVIDERS),
  choices: PROVIDERS,
} satisfies Flag<(typeof PROVIDERS)[number]>;

export const zone = {
  name: 'zone',
  value: 'ZONE',
  help: 'the zone of the replica',
  variables: [
    { name: 'KUBE_GCE_ZONE', provider: 'gce' },
    { name: 'KUBE_AWS_ZONE', provider: 'aws' },
  ],
  shape: 'text',
  parse: values.zoneName,
} satisfies Flag<string>;

export const zones: Flag<readonly string[]> = {
  name: 'zones',
  value: 'A,B,C',
  help: 'the zones of the replicas, in turn',
  defaultText: 'the zone',
  shape: 'list',
  parse: values.listOf(values.zoneName),
};

export const multizone = {
  name: 'multizone',
  value: null,
  help: 'replicas may stand in several zones of one region',
  fallback: false,
  variables: [{ name: 'MULTIZONE' }],
  shape: 'boolean',
  parse: values.yesOrNo,
} satisfies Flag<boolean>;

export const region: Flag<string> = {
  name: 'region',
  value: 'REGION',
  help: 'the region',
  defaultText: "the zone's; local: `local`",
  shape: 'text',
  parse: values.regionName,
};

export const balancer = {
  name: 'balancer',
  value: 'WHEN',
  help: 'auto: from the second replica on; always: from the first, so that the address never moves',
  fallback: 'auto' as (typeof BALANCERS)[number],
  shape: 'text',
  parse: values.oneOf(...BALANCERS),
  choices: BALANCERS,
} satisfies Flag<(typeof BALANCERS)[number]>;

export const etcdQuorumRead = {
  name: 'etcd-quorum-read',
  value: null,
  help: 'kept for kube-up: reads are always linearizable',
  fallback: true,
  variables: [{ name: 'ENABLE_ETCD_QUORUM_READ' }, { name: 'ENABLE_ETCD_QUORUM_READS' }],
  shape: 'boolean',
  parse: values.yesOrNo,
} satisfies Flag<boolean>;

export const replicas: Flag<number> = {
  name: 'replicas',
  value: 'N',
  help: 'how many master replicas, 1 to 9',
  defaultText: 'one for each of --zones, or 1',
  shape: 'number',
  parse: values.wholeNumber(1, 9),
};

export const count: Flag<number> = {
  name: 'count',
  value: 'N',
  help: 'this many as one operation',
  defaultText: '1',
  shape: 'number',
  parse: values.wholeNumber(1, 8),
};

export const kubernetesVersion: Flag<string> = {
  name: 'kubernetes-version',
  value: 'V',
  help: 'a Kubernetes release',
  defaultText: 'the newest that this haup was tested with',
  shape: 'text',
  parse: values.kubernetesVersion,
};

export const etcdVersion: Flag<string> = {
  name: 'etcd-version',
  value: 'V',
  help: 'an etcd release',
  defaultText: 'the newest that this haup was tested with',
  shape: 'text',
  parse: values.etcdVersion,
};

export const apiPort = {
  name: 'api-port',
  value: 'PORT',
  help: 'where the API server listens, on the API address and on the replicas',
  fallback: 443,
  shape: 'number',
  parse: values.wholeNumber(1, 65_535),
} satisfies Flag<number>;

export const project: Flag<string> = {
  name: 'project',
  value: 'ID',
  help: 'the GCE project',
  defaultText: "the credentials'",
  variables: [
    { name: 'PROJECT', provider: 'gce' },
    { name: 'CLOUDSDK_CORE_PROJECT', provider: 'gce' },
  ],
  shape: 'text',
  parse: values.cloudName,
};

export const machineType: Flag<string> = {
  name: 'machine-type',
  value: 'TYPE',
  help: 'the kind of VM',
  defaultText: "the provider's",
  variables: [{ name: 'MASTER_SIZE' }],
  shape: 'text',
  parse: values.cloudName,
};

export const diskSize: Flag<number> = {
  name: 'disk-size',
  value: 'GB',
  help: 'the size of the disk',
  defaultText: "the provider's",
  variables: [{ name: 'MASTER_DISK_SIZE' }],
  shape: 'number',
  parse: values.gigabytes,
};

export const image: Flag<string> = {
  name: 'image',
  value: 'IMAGE',
  help: "the machine's image",
  defaultText: "the provider's",
  shape: 'text',
  parse: values.cloudName,
};

export const network: Flag<string> = {
  name: 'network',
  value: 'NAME',
  help: 'an existing network',
  defaultText: "the provider's",
  shape: 'text',
  parse: values.cloudName,
};

export const subnets: Flag<readonly string[]> = {
  name: 'subnets',
  value: 'A,B',
  help: 'existing subnets, one a zone',
  defaultText: 'found by zone',
  shape: 'list',
  parse: values.listOf(values.cloudName),
};

export const allowFrom: Flag<readonly string[]> = {
  name: 'allow-from',
  value: 'CIDR',
  help: 'who may reach the API port; may be repeated',
  defaultText: 'anyone',
  shape: 'list',
  parse: values.listOf(values.cidr),
};

export const sshFrom: Flag<readonly string[]> = {
  name: 'ssh-from',
  value: 'CIDR',
  help: 'who may reach port 22; may be repeated',
  defaultText: 'your own address',
  shape: 'list',
  parse: values.listOf(values.cidr),
};

export const dryRun = {
  name: 'dry-run',
  value: null,
  help: 'print the whole plan and change nothing',
  fallback: false,
  shape: 'boolean',
  parse: values.yesOrNo,
} satisfies Flag<boolean>;

export const abandon = {
  name: 'abandon',
  value: null,
  help: 'settle for what is there, instead of finishing what was begun',
  fallback: false,
  shape: 'boolean',
  parse: values.yesOrNo,
} satisfies Flag<boolean>;

export const yes = {
  name: 'yes',
  short: 'y',
  value: null,
  help: 'do not ask',
  fallback: false,
  shape: 'boolean',
  parse: values.yesOrNo,
} satisfies Flag<boolean>;

export const watch = {
  name: 'watch',
  short: 'w',
  value: null,
  help: 'keep looking',
  fallback: false,
  shape: 'boolean',
  parse: values.yesOrNo,
} satisfies Flag<boolean>;

export const merge = {
  name: 'merge',
  value: null,
  help: 'write it into $KUBECONFIG or ~/.kube/config, keeping what is there',
  fallback: false,
  shape: 'boolean',
  parse: values.yesOrNo,
} satisfies Flag<boolean>;

export const endpoint = {
  name: 'endpoint',
  value: 'WHAT',
  help: "address: the API address; dns: the load balancer's DNS name, where the cloud gives one",
  fallback: 'address' as (typeof ENDPOINTS)[number],
  shape: 'text',
  parse: values.oneOf(...ENDPOINTS),
  choices: ENDPOINTS,
} satisfies Flag<(typeof ENDPOINTS)[number]>;

export const output = {
  name: 'output',
  short: 'o',
  value: 'FORMAT',
  help: 'text, json or yaml',
  fallback: 'text' as (typeof OUTPUTS)[number],
  shape: 'text',
  parse: values.oneOf(...OUTPUTS),
  choices: OUTPUTS,
} satisfies Flag<(typeof OUTPUTS)[number]>;

const logFormat = {
  name: 'log-format',
  value: 'FORMAT',
  help: 'text: a live display on a terminal, plain lines otherwise; plain; json: one event a line',
  fallback: 'text' as (typeof LOG_FORMATS)[number],
  shape: 'text',
  parse: values.oneOf(...LOG_FORMATS),
  choices: LOG_FORMATS,
} satisfies Flag<(typeof LOG_FORMATS)[number]>;

const store: Flag<string> = {
  name: 'store',
  value: 'URL',
  help: 'where clusters are remembered',
  defaultText: 'file://$HAUP_HOME/clusters, HAUP_HOME being ~/.haup',
  shape: 'text',
  parse: values.storeUrl,
};

const timeout = {
  name: 'timeout',
  value: 'TIME',
  help: 'give up after this long',
  defaultText: '30m',
  fallback: 30 * 60_000,
  shape: 'text',
  parse: values.duration,
} satisfies Flag<number>;

const config: Flag<string> = {
  name: 'config',
  value: 'FILE',
  help: 'a YAML file that sets flags by their names',
  shape: 'text',
  parse: values.filePath,
};

const debug = {
  name: 'debug',
  value: null,
  help: 'show stack traces',
  fallback: false,
  shape: 'boolean',
  parse: values.yesOrNo,
} satisfies Flag<boolean>;

/** Every command has these. */
export const common = { config, store, timeout, logFormat, debug } as const;
