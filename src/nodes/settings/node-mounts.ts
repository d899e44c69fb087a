import { shellScript } from '../../ssh/script.ts';
import type { NodeHost } from '../host.ts';
import { nodePaths } from '../paths.ts';

/** What runc uses of version 1. */
const CONTROLLERS = ['cpu', 'cpuacct', 'cpuset', 'memory', 'devices', 'freezer', 'blkio', 'pids'];

/** The values that the kubelet sets, and ends if it cannot (pkg/kubelet/cm/container_manager_linux.go, setupKernelTunables). */
const SETTINGS = {
  'vm/overcommit_memory': 1,
  'vm/panic_on_oom': 0,
  'kernel/panic': 10,
  'kernel/panic_on_oops': 1,
};

const script = shellScript('nodes/scripts/node-mounts.sh', ['controllers', 'pid_file']);

/**
 * `node-mounts.sh`, run in a mount namespace of its own that it then holds.
 *
 * Without controllers in cgroup2 no runtime starts a pod, so the version 1 hierarchies are mounted where they belong; the machine's
 * systemd needs cgroup2 there. In a machine that is a container kernel settings are the host's: the kubelet, which requires
 * four of them, finds files of ours that say what it wants in their places.
 */
export function nodeMountsScript(host: NodeHost): string {
  const settings = Object.entries(SETTINGS).map(([name, value]) => `${name}=${value}`);
  return script(
    { controllers: host.cgroups === 'v1' ? CONTROLLERS.join(' ') : '', pid_file: nodePaths.mountsPid },
    host.confined ? settings : [],
  );
}

/** `in-node-mounts.sh PROGRAM ARGUMENTS…` */
export function inNodeMountsScript(): string {
  return `# See src/nodes/settings/node-mounts.ts
exec nsenter --mount="/proc/$(cat ${nodePaths.mountsPid})/ns/mnt" -- "$@"
`;
}
