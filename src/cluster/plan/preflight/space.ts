import type { Observation } from '../../model/observation.ts';
import type { Preflight } from './preflight.ts';

/** Below this nothing is begun, KiB: systemd and units write a little in `/run`, etcd much in its data folder. */
const NEEDED_KIB: Readonly<Record<string, number>> = {
  '/run': 1024,
  '/tmp': 1024,
  '/etc/haup': 8 * 1024,
  '/var/lib/haup': 128 * 1024,
};

export const spaceLeft: Preflight = ({ observation }) => {
  const full = fullFolders(observation);
  if (full.length === 0) return undefined;
  return { message: full.join('; '), advice: 'free space there (df -h, du -x), then try again' };
};

/** Folders that are full or nearly so, as sentences. */
export function fullFolders({ machines }: Observation): string[] {
  return machines.flatMap(({ name, inside }) =>
    Object.entries(inside?.freeKib ?? {}).flatMap(([folder, kib]) =>
      kib < (NEEDED_KIB[folder] ?? 0)
        ? [`${name}: ${folder} is ${kib < 16 ? 'full' : `nearly full (${Math.ceil(kib / 1024)} MiB left)`}`]
        : [],
    ),
  );
}
