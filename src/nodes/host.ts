import { configPath } from '../replicas/paths.ts';
import { shellScript } from '../ssh/script.ts';
import type { Session } from '../ssh/session.ts';

/** What a machine's kernel and image offer to a node; decides between the ways in which its services run. */
export interface NodeHost {
  /**
   * `v2`: the unified hierarchy has controllers, as on every VM. `v1`: it has none (a hybrid host's machine), so that pods are held
   * by the version 1 hierarchies.
   */
  readonly cgroups: 'v1' | 'v2';
  /** The machine is a container: kernel settings cannot be written, and processes cannot be shielded from the OOM killer further. */
  readonly confined: boolean;
  /** The resolv.conf that pods inherit; one of ours, empty, where the machine has no resolver that a pod could reach. */
  readonly resolvConf: string;
}

const EMPTY_RESOLV_CONF = configPath('resolv.conf');

const script = shellScript('nodes/scripts/host.sh');

/** @throws SshError */
export async function inspectHost(session: Session, signal?: AbortSignal): Promise<NodeHost> {
  return parseHost(await session.run(script({}), { what: 'look at the machine', signal }));
}

export function parseHost(output: string): NodeHost {
  const [cgroups, sysctls, resolvConf] = output.split('\n');
  return {
    cgroups: cgroups === 'v2' ? 'v2' : 'v1',
    confined: sysctls === 'confined',
    resolvConf: resolvConf || EMPTY_RESOLV_CONF,
  };
}

/** Whether services need the mount namespace of node-mounts.service. */
export function needsMounts(host: NodeHost): boolean {
  return host.cgroups === 'v1' || host.confined;
}
