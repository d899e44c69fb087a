import { expect, test } from 'vitest';
import { type Capacity, checkCapacity, mountOf } from '../../../../../src/providers/local/host/capacity.ts';

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
