import { shellQuote } from '../ssh/quote.ts';
import type { Session } from '../ssh/session.ts';
import type { Component, ReplicaConfig } from './config.ts';
import { ReplicaError } from './errors.ts';
import { programPath } from './programs.ts';
import { apiServerUnit } from './units/api-server.ts';
import { controllerManagerUnit } from './units/controller-manager.ts';
import { etcdUnit } from './units/etcd.ts';
import { schedulerUnit } from './units/scheduler.ts';
import type { Waiting } from './waiting.ts';

const PROGRAMS: Readonly<Record<Component, string>> = {
  apiServer: 'kube-apiserver',
  controllerManager: 'kube-controller-manager',
  scheduler: 'kube-scheduler',
  etcd: 'etcd',
};

/** Any replica's: which flags there are does not depend on their values. */
const any = {
  ...{ program: '/', name: '', internalIp: '', uid: '', cluster: '', apiAddress: '', apiPort: 443 },
  ...{ serviceCidr: '', clusterCidr: '', shutdownDelaySeconds: 0, requestTimeoutSeconds: 0, emulated: '1.0' },
};
const units: Readonly<Record<Component, string>> = {
  apiServer: apiServerUnit(any),
  controllerManager: controllerManagerUnit(any),
  scheduler: schedulerUnit(any),
  etcd: etcdUnit(any),
};

/** The flags that haup sets itself: nobody else may. */
export function ownFlags(component: Component): ReadonlySet<string> {
  return new Set([...units[component].matchAll(/^ {2}"?--([a-z0-9-]+)=/gm)].map(([, flag]) => flag!));
}

const OTHER_LEASE =
  'for as long as some masters have it and others have not, two would be active at once: they have to agree on the lease';
const MEMBERSHIP =
  'haup says with whom etcd is a cluster: by this it could begin another one, with nothing in it';

/** What the programs take, and what would lose what is stored, or have two at work where there may be one. */
const HARMFUL: Readonly<Record<Component, Readonly<Record<string, string>>>> = {
  apiServer: {
    'etcd-prefix':
      'what is stored stays under the old prefix, and the cluster begins anew beside it, with nothing in it',
    'etcd-servers-overrides':
      'what is stored stays where it is and is not found there; and what is elsewhere is not backed up, restored or encrypted anew',
  },
  controllerManager: {
    'leader-elect-resource-name': OTHER_LEASE,
    'leader-elect-resource-namespace': OTHER_LEASE,
  },
  scheduler: {
    'leader-elect-resource-name': OTHER_LEASE,
    'leader-elect-resource-namespace': OTHER_LEASE,
  },
  etcd: {
    'config-file': 'with it etcd takes no notice of any other argument, also not of where its data is',
    'force-new-cluster': 'each member would leave the others and go on alone, at every start',
    'initial-cluster': MEMBERSHIP,
    'initial-cluster-state': MEMBERSHIP,
    'unsafe-no-fsync':
      'what was acknowledged would be lost with the power, and the member might not start again',
    'wal-dir': 'the log stays in the data directory: etcd would begin without it',
  },
};

/**
 * What is no argument: the files that these name would not be there, and the API server takes `oidc-…` beside no
 * AuthenticationConfiguration; or they do harm.
 */
export function asksOtherwise(component: Component, flag: string): string | null {
  if (component === 'etcd' && flag.startsWith('discovery')) return MEMBERSHIP;
  if (Object.hasOwn(HARMFUL[component], flag)) return HARMFUL[component][flag]!;
  if (component !== 'apiServer') return null;
  if (flag === 'admission-control-config-file') return 'say it as admission.plugins: haup writes that file';
  return flag.startsWith('oidc-') ? 'say it as authentication.jwt: haup writes the file that has it' : null;
}

export interface KnownFlags {
  readonly flags: ReadonlySet<string>;
  readonly gates: ReadonlySet<string>;
}

/** The flags that the components of these versions know, as their `--help` says on a machine that has them. @throws ReplicaError, SshError */
export async function knownFlags(
  session: Session,
  versions: Pick<ReplicaConfig, 'kubernetesVersion' | 'etcdVersion'>,
  { signal }: Waiting = {},
): Promise<Readonly<Record<Component, KnownFlags>>> {
  const read = async (component: Component) => {
    const program = programPath(versions, PROGRAMS[component]);
    const what = `ask ${PROGRAMS[component]} for its flags`;
    const { stdout, stderr } = await session.exec(`${shellQuote(program)} --help 2>&1`, { what, signal });
    const flags = readFlags(stdout);
    if (flags.size === 0)
      throw new ReplicaError(`${session.what}: could not ${what}: ${stderr || stdout.slice(0, 300)}`);
    return { flags, gates: readGates(stdout) };
  };
  const [apiServer, controllerManager, scheduler, etcd] = await Promise.all([
    read('apiServer'),
    read('controllerManager'),
    read('scheduler'),
    read('etcd'),
  ]);
  return { apiServer, controllerManager, scheduler, etcd };
}

/** Feature gates that `--help` lists: `NAME=true|false`, with the component that has it before it. */
export function readGates(help: string): Set<string> {
  return new Set([...help.matchAll(/\b([A-Z][A-Za-z0-9]+)=true\|false/g)].map(([, gate]) => gate!));
}

/** Of the text that `--help` prints: a line a flag, with or without a short form before it. */
export function readFlags(help: string): Set<string> {
  return new Set([...help.matchAll(/^\s+(?:-\w, )?--([a-z0-9-]+)/gm)].map(([, flag]) => flag!));
}
