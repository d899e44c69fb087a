import type { MachineRole } from '../../provider.ts';
import type { Disk } from './disk.ts';
import { RANGE } from './uids.ts';

/** Where a machine sees the operator's binaries. */
export const BINARIES = '/opt/haup/bin';
/** Where a master sees the folders of all releases. */
export const RELEASES = '/opt/haup/releases';
/** Where a node sees the archives of images that haup has built. */
export const IMAGES = '/opt/haup/images';

export interface Boot {
  readonly name: string;
  readonly role: MachineRole;
  readonly uidBase: number;
  /** The operator's folder of binaries, shown read-only. */
  readonly binaries: string;
  /** The operator's folder of the folders of all releases; absent: not shown. */
  readonly releases?: string | undefined;
  /** The operator's folder of archives of images; absent: not shown. */
  readonly images?: string | undefined;
  readonly disk: Disk;
}

/** nspawn's arguments that depend on the machine. */
export function nspawnArguments({ name, role, uidBase, binaries, releases, images, disk }: Boot): string[] {
  return [
    `--machine=${name}`,
    `--hostname=${name}`,
    `--bind-ro=${binaries}:${BINARIES}`,
    ...(releases === undefined ? [] : [`--bind-ro=${releases}:${RELEASES}`]),
    ...(images === undefined ? [] : [`--bind-ro=${images}:${IMAGES}`]),
    // As on a VM, root rules the machine's own network (a replica makes the API address a local one, for instance).
    '--capability=CAP_NET_ADMIN',
    ...(role === 'node' ? nodeArguments(disk) : []),
    ...(uidBase === 0 ? HOST_NAMESPACES : shiftedArguments(uidBase)),
  ];
}

/** What runc, containerd and the kubelet need; a master has no use for any of it. */
function nodeArguments(disk: Disk): string[] {
  return [
    // runc joins a session keyring for each container.
    '--system-call-filter=@keyring',
    // runc's device filter is a BPF program where the host has cgroup2 alone.
    '--system-call-filter=bpf',
    // An overlay cannot have its upper layer on an overlay, which the machine's own disk is.
    `--bind=${disk.containerd}:/var/lib/containerd`,
    // The kubelet ends without it. The host's own would show every kernel message to every pod.
    '--bind=/dev/null:/dev/kmsg',
  ];
}

/** The machine's first process is systemd, in the network namespace in which nspawn is started. */
const HOST_NAMESPACES = ['--boot', '--network-namespace-path=/proc/self/ns/net'];

/**
 * A user namespace rules only a network namespace of its own, so nspawn has to make both (into another one it may not go:
 * EPERM), and the link is moved in afterwards. systemd waits for that: units must find their address. In nspawn's
 * words it is no boot then, and SIGRTMIN+3, at which systemd powers off, has to be named.
 */
function shiftedArguments(uidBase: number): string[] {
  return [
    `--private-users=${uidBase}:${RANGE}`,
    '--private-users-ownership=off',
    '--private-network',
    '--kill-signal=SIGRTMIN+3',
    '--',
    ...['/bin/sh', '-c', WAIT_FOR_LINK],
  ];
}

const WAIT_FOR_LINK = `until grep -q '^eth0' /proc/net/route; do sleep 0.01; done
exec /usr/lib/systemd/systemd`;

/** Parts of /proc and /sys that are writable: CNI plugins switch on forwarding. In nspawn's environment; empty: its default. */
export function writableApis(role: MachineRole): string {
  return role === 'node' ? 'network' : '';
}
