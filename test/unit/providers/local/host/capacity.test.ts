import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type Capacity,
  checkCapacity,
  inotifyInstances,
  mountOf,
} from '../../../../../src/providers/local/host/capacity.ts';
import { SHIFTED } from '../../../../../src/providers/local/machine/uids.ts';

const MOUNTS = `22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:25 / /var/cache rw,nosuid,noexec,relatime - tmpfs tmpfs rw
31 22 0:26 / /var/cache\\040too rw,relatime - tmpfs tmpfs rw
32 30 0:27 / /var/cache/haup rw,relatime - tmpfs tmpfs rw
`;
const enough: Capacity = {
  programs: '/var/lib/haup',
  mounts: MOUNTS,
  inotify: { limit: 128, used: 20 },
  memory: 8 * 2 ** 30,
  disk: 20 * 2 ** 30,
};
const refused = (capacity: Partial<Capacity>, machines = 1) => {
  try {
    checkCapacity({ ...enough, ...capacity }, machines);
  } catch (error) {
    const { kind, message, advice } = error as { kind: string; message: string; advice: string };
    return `${kind}: ${message}; ${advice}`;
  }
  return 'enough';
};

test('a host with enough of everything has enough', () => {
  expect(refused({}, 3)).toBe('enough');
});

test('a cache that is mounted noexec is named, with the command that mends it', () => {
  expect(refused({ programs: '/var/cache/other/binaries' })).toMatch(
    /^preflight: .* is on \/var\/cache, which is mounted noexec: .*; mount -o remount,exec \/var\/cache, or .*HAUP_CACHE$/,
  );
  expect(refused({ programs: '/var/cache/haup/binaries' })).toBe('enough');
  expect(refused({ programs: '/var/cache too/x' })).toBe('enough');
});

test('too few inotify instances, too little memory or disk for the machines asked for are named with the cure', () => {
  const inotify = { limit: 128, used: 110 };
  expect(refused({ inotify }, 2)).toBe('enough');
  expect(refused({ inotify }, 3)).toMatch(
    /110 of 128 inotify instances in use: .*3 machines; sysctl fs.inotify.max_user_instances=1024$/,
  );
  expect(refused({ memory: 2 ** 30 }, 2)).toBe('enough');
  expect(refused({ memory: 2 ** 30 }, 3)).toMatch(/1024 MiB of memory are free: 3 machines need 1536 MiB/);
  expect(refused({ disk: 100 * 2 ** 20 })).toMatch(/100 MiB are free in .*: a machine needs 512 MiB/);
});

test('the mount of a path is the deepest above it, and of two on one place the last', () => {
  expect(mountOf(MOUNTS, '/var/cachet')?.path).toBe('/');
  expect(mountOf(MOUNTS, '/var/cache')?.path).toBe('/var/cache');
  const over = `${MOUNTS}40 22 0:30 / /var/cache rw,relatime - tmpfs tmpfs rw\n`;
  expect(mountOf(over, '/var/cache/x')?.options).not.toContain('noexec');
});

test("root's inotify instances are those of root and of machines' users, not of others on the host", async () => {
  const proc = mkdtempSync(join(tmpdir(), 'haup-proc-'));
  /** A process with so many instances, which root may have started. `root`: who root of its user namespace is, where it has one. */
  const add = (pid: number, user: number, instances: number, root?: number) => {
    mkdirSync(join(proc, `${pid}/fd`), { recursive: true });
    const status = `Name:\tx\nUid:\t0\t${user}\t${user}\t${user}\nGid:\t0\t0\t0\t0\n`;
    writeFileSync(join(proc, `${pid}/status`), status);
    const map = root === undefined ? [0, 0, 4_294_967_295] : [0, root, 65_536];
    writeFileSync(join(proc, `${pid}/uid_map`), `${map.map((n) => String(n).padStart(10)).join(' ')}\n`);
    symlinkSync('/dev/null', join(proc, `${pid}/fd/0`));
    for (let fd = 1; fd <= instances; fd++) symlinkSync('anon_inode:inotify', join(proc, `${pid}/fd/${fd}`));
  };
  try {
    add(1, 0, 3);
    add(20, SHIFTED, 4, SHIFTED);
    add(21, SHIFTED + 65_535, 5, SHIFTED);
    // A node's: root has made the namespace, and users are in it who they are outside.
    add(22, 101, 6, 0);
    add(30, 1000, 100);
    // A container that a user has made of his own.
    add(31, 100_000, 100, 1000);
    mkdirSync(join(proc, '40')); // has ended meanwhile
    mkdirSync(join(proc, 'sys'));
    expect(await inotifyInstances(proc)).toBe(18);
  } finally {
    rmSync(proc, { recursive: true });
  }
});
