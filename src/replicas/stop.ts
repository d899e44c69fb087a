import { paths } from './paths.ts';

/** A stop may be overtaken by a start of systemd's own, of a unit that ends again and again. */
const TRIES = 5;

/**
 * A script that stops units for good, those of them that were ever installed, in that order. It ends well when they are down, whatever
 * was met on the way: `systemctl disable --now` ends badly, without a word, when its stop is overtaken by an automatic restart.
 */
export function stopScript(units: readonly string[]): string {
  return `installed=
for unit in ${units.join(' ')}; do [ ! -e ${paths.units}/$unit ] || installed="$installed $unit"; done
[ -n "$installed" ] || exit 0
systemctl disable -q $installed || exit 1
for try in $(seq ${TRIES}); do
  systemctl stop $installed && exit 0
  sleep 0.2
done
for unit in $installed; do
  state=$(systemctl is-active $unit)
  case "$state" in inactive | failed) ;; *) echo "$unit is still $state" >&2; exit 1 ;; esac
done
`;
}
