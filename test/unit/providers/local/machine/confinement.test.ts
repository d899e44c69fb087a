import { describe, expect, test } from 'vitest';
import { parseHierarchies } from '../../../../../src/providers/local/host/hierarchies.ts';
import {
  type Confinement,
  groupsOf,
  unifiedSettings,
  unitProperties,
} from '../../../../../src/providers/local/machine/confinement.ts';
import { limitsOf } from '../../../../../src/providers/local/machine/limits.ts';
import { nspawnArguments, writableApis } from '../../../../../src/providers/local/machine/nspawn.ts';
import { SHIFTED } from '../../../../../src/providers/local/machine/uids.ts';

const limits = { memory: 4 * 2 ** 30, tasks: 1000 };
const master: Confinement = { role: 'master', limits };
const node: Confinement = { role: 'node', limits };

const HYBRID = `tmpfs /sys/fs/cgroup tmpfs ro,nosuid,nodev,noexec,size=4096k,mode=755 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,nosuid,nodev,noexec,relatime,nsdelegate 0 0
cgroup /sys/fs/cgroup/systemd cgroup rw,nosuid,nodev,noexec,relatime,xattr,name=systemd 0 0
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,nosuid,nodev,noexec,relatime,cpu,cpuacct 0 0
cgroup /sys/fs/cgroup/cpuset cgroup rw,nosuid,nodev,noexec,relatime,cpuset,clone_children 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,nosuid,nodev,noexec,relatime,memory 0 0
cgroup /sys/fs/cgroup/pids cgroup rw,nosuid,nodev,noexec,relatime,pids 0 0
cgroup /sys/fs/cgroup/devices cgroup rw,nosuid,nodev,noexec,relatime,devices 0 0
/dev/sda1 / ext4 rw,relatime 0 0
`;

describe('the control groups of a machine', () => {
  const hierarchies = parseHierarchies(HYBRID);

  test('hierarchies of version 1 are those with controllers, whatever they are mounted as', () => {
    expect(hierarchies.map(({ controllers }) => controllers.join())).toEqual([
      'cpu,cpuacct',
      'cpuset',
      'memory',
      'pids',
      'devices',
    ]);
    expect(parseHierarchies('cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n')).toEqual([]);
  });

  test('a master is in those that limit it, and may use the devices that nspawn gives it', () => {
    const groups = groupsOf('unit', master, hierarchies);
    expect(groups.map(({ path }) => path)).toEqual([
      '/sys/fs/cgroup/memory/unit',
      '/sys/fs/cgroup/pids/unit',
      '/sys/fs/cgroup/devices/unit',
    ]);
    expect(groups[0]?.settings).toEqual([['memory.limit_in_bytes', '4294967296']]);
    expect(groups[1]?.settings).toEqual([['pids.max', '1000']]);
    expect(groups[2]?.settings[0]).toEqual(['devices.deny', 'a']);
    expect(groups[2]?.settings).toContainEqual(['devices.allow', 'c 1:3 rwm']);
    expect(groups[2]?.settings.filter(([, device]) => device.startsWith('b'))).toEqual([]);
  });

  test('a node is in all of them, with the processors of the host, and its devices are those that are not excepted', () => {
    const groups = groupsOf('unit', node, hierarchies);
    expect(groups).toHaveLength(5);
    expect(groups[1]).toEqual({
      path: '/sys/fs/cgroup/cpuset/unit',
      inherit: ['cpuset.cpus', 'cpuset.mems'],
      settings: [],
    });
    const devices = groups[4]?.settings ?? [];
    expect(devices.every(([file, device]) => file === 'devices.deny' && device !== 'a')).toBe(true);
    expect(devices).toContainEqual(['devices.deny', 'b *:* rw']);
  });

  test.each([master, node])('the same limits hold where version 2 has the controllers: %o', (confinement) => {
    expect(groupsOf('unit', confinement, [])).toEqual([]);
    expect(unifiedSettings(confinement)).toEqual([
      ['memory.max', '4294967296'],
      ['pids.max', '1000'],
    ]);
    const properties = unitProperties(confinement);
    expect(properties).toEqual(expect.arrayContaining(['MemoryMax=4294967296', 'TasksMax=1000']));
    expect(properties).toContain('DevicePolicy=closed');
  });
});

describe('limits', () => {
  test('are half of the host’s memory, two gigabytes at least, and more tasks for a node', () => {
    expect(limitsOf('master', {}, 24 * 2 ** 30)).toEqual({ memory: 12 * 2 ** 30, tasks: 8192 });
    expect(limitsOf('node', {}, 2 ** 30)).toEqual({ memory: 2 * 2 ** 30, tasks: 32_768 });
  });

  test('can be given', () => {
    const env = { HAUP_LOCAL_MEMORY: '3g', HAUP_LOCAL_TASKS: '500' };
    expect(limitsOf('master', env)).toEqual({ memory: 3 * 2 ** 30, tasks: 500 });
    expect(limitsOf('master', { HAUP_LOCAL_MEMORY: '1073741824' }).memory).toBe(2 ** 30);
  });

  test.each([
    { HAUP_LOCAL_MEMORY: '4T' },
    { HAUP_LOCAL_MEMORY: '0' },
    { HAUP_LOCAL_MEMORY: '1.5G' },
    { HAUP_LOCAL_TASKS: '-1' },
    { HAUP_LOCAL_TASKS: '8k' },
  ])('that are none are refused by name: %o', (env) => {
    expect(() => limitsOf('master', env)).toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining(Object.keys(env)[0]!) }),
    );
  });
});

describe('nspawn’s arguments', () => {
  const boot = { name: 'm', uidBase: 0, binaries: '/binaries', disk: { containerd: '/disk/containerd' } };

  test('of a master have nothing that only a node needs', () => {
    expect(nspawnArguments({ ...boot, role: 'master' })).toEqual([
      '--machine=m',
      '--hostname=m',
      '--bind-ro=/binaries:/opt/haup/bin',
      '--capability=CAP_NET_ADMIN',
      '--boot',
      '--network-namespace-path=/proc/self/ns/net',
    ]);
    expect(writableApis('master')).toBe('');
  });

  test('of a machine with users of its own make it a network of its own, in which systemd waits for the link', () => {
    const shifted = nspawnArguments({ ...boot, role: 'master', uidBase: SHIFTED });
    expect(shifted).toEqual(
      expect.arrayContaining([
        '--private-users=1878982656:65536',
        '--private-users-ownership=off',
        '--private-network',
        '--kill-signal=SIGRTMIN+3',
      ]),
    );
    expect(shifted).not.toContain('--boot');
    expect(shifted.at(-1)).toMatch(/exec \/usr\/lib\/systemd\/systemd$/);
  });

  test('of a node have what runc, containerd and the kubelet need', () => {
    expect(nspawnArguments({ ...boot, role: 'node' }).slice(4)).toEqual([
      '--system-call-filter=@keyring',
      '--system-call-filter=bpf',
      '--bind=/disk/containerd:/var/lib/containerd',
      '--bind=/dev/null:/dev/kmsg',
      '--boot',
      '--network-namespace-path=/proc/self/ns/net',
    ]);
    expect(writableApis('node')).toBe('network');
  });
});
