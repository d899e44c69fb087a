import { join } from 'node:path';
import type { MachineRole } from '../../provider.ts';
import type { Hierarchy } from '../host/hierarchies.ts';
import type { Limits } from './limits.ts';

/** What a machine's processes are kept to, whatever kind of control groups the host has. */
export interface Confinement {
  readonly role: MachineRole;
  readonly limits: Limits;
}

/** A group to be made in a version 1 hierarchy, and what is written into its files, in order. */
export interface Group {
  readonly path: string;
  /** Files whose content is taken from the parent: a new cpuset has no processor and takes no process. */
  readonly inherit: readonly string[];
  readonly settings: readonly (readonly [file: string, value: string])[];
}

/** null, zero, full, random, urandom, tty, console, ptmx, the terminals, and tun: what nspawn gives a machine. */
const DEVICES = [
  ...['c 1:3 rwm', 'c 1:5 rwm', 'c 1:7 rwm', 'c 1:8 rwm', 'c 1:9 rwm'],
  ...['c 5:0 rwm', 'c 5:1 rwm', 'c 5:2 rwm', 'c 136:* rw', 'c 10:200 rwm'],
];

/**
 * Of a node the device group must stay one that allows, with exceptions: in one that denies, runc may not open a privileged
 * pod's group. Excepted: every disk, the memory, the ports, the kernel's log; mapper, loop, btrfs and vfio controls.
 */
const NEVER = [
  ...['b *:* rw', 'c 1:1 rw', 'c 1:2 rw', 'c 1:4 rw', 'c 1:11 rw'],
  ...['c 10:196 rw', 'c 10:234 rw', 'c 10:236 rw', 'c 10:237 rw'],
];

/** The controllers that limit a master. A node's groups are in all of them: the kubelet makes its pods' groups below. */
const LIMITING = ['memory', 'pids', 'devices'];

/** The groups of a machine in the host's version 1 hierarchies. `unit` names them. */
export function groupsOf(
  unit: string,
  { role, limits }: Confinement,
  hierarchies: readonly Hierarchy[],
): Group[] {
  return hierarchies
    .filter(({ controllers }) => role === 'node' || controllers.some((each) => LIMITING.includes(each)))
    .map(({ controllers, path }) => ({
      path: join(path, unit),
      inherit: controllers.includes('cpuset') ? ['cpuset.cpus', 'cpuset.mems'] : [],
      settings: controllers.flatMap((controller) => settingsOf(controller, role, limits)),
    }));
}

function settingsOf(controller: string, role: MachineRole, limits: Limits): [string, string][] {
  if (controller === 'memory') return [['memory.limit_in_bytes', String(limits.memory)]];
  if (controller === 'pids') return [['pids.max', String(limits.tasks)]];
  if (controller !== 'devices') return [];
  if (role === 'node') return NEVER.map((device) => ['devices.deny', device]);
  return [['devices.deny', 'a'], ...DEVICES.map((device): [string, string] => ['devices.allow', device])];
}

/** The same for a unit of the host's systemd. Where devices are a BPF program, runc's own only narrows it. */
export function unitProperties({ limits }: Confinement): string[] {
  return [
    `MemoryMax=${limits.memory}`,
    `TasksMax=${limits.tasks}`,
    'DevicePolicy=closed',
    'DeviceAllow=/dev/net/tun rwm',
    'DeviceAllow=char-pts rw',
  ];
}

/** The same for a version 2 group that haup makes. Devices need a BPF program there, which only systemd writes. */
export function unifiedSettings({ limits }: Confinement): [string, string][] {
  return [
    ['memory.max', String(limits.memory)],
    ['pids.max', String(limits.tasks)],
  ];
}
