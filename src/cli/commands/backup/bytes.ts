import { figure } from '../../output/words.ts';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** A size as people say it: `12 MiB`. */
export function bytes(count: number): string {
  const power = count < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log(count) / Math.log(1024)));
  return `${figure(count / 1024 ** power)} ${UNITS[power]}`;
}
