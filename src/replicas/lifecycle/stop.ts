import { shellScript } from '../../ssh/script.ts';
import { paths } from '../paths.ts';

/** A stop may be overtaken by a start of systemd's own, of a unit that ends again and again. */
const TRIES = 5;

const script = shellScript('replicas/scripts/stop.sh', ['units', 'tries']);

/**
 * A script that stops units for good, those of them that were ever installed, in that order. It ends well when they are down, whatever
 * was met on the way: `systemctl disable --now` ends badly, without a word, when its stop is overtaken by an automatic restart.
 */
export function stopScript(units: readonly string[]): string {
  return script({ units: paths.units, tries: TRIES }, units);
}
