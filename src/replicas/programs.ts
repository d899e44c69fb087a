import { PROGRAMS } from '../artifacts/sources.ts';
import type { ReplicaConfig } from './config.ts';
import { paths } from './paths.ts';

type Versions = Pick<ReplicaConfig, 'kubernetesVersion' | 'etcdVersion'>;

const ETCD: ReadonlySet<string> = new Set(PROGRAMS.master.etcd);

/** By what links in {@link paths.programs} a master's units call the programs of these versions. */
export function programLinks({ kubernetesVersion, etcdVersion }: Versions): readonly string[] {
  return [`kubernetes-${kubernetesVersion}`, `etcd-${etcdVersion}`];
}

/** Where a unit finds a program: at a path that says its own version and nothing else. */
export function programPath(versions: Versions, program: string): string {
  const [kubernetes, etcd] = programLinks(versions);
  return `${paths.programs}/${ETCD.has(program) ? etcd : kubernetes}/${program}`;
}
