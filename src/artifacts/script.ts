import type { Architecture, Download } from './sources.ts';
import type { Sums } from './sums.ts';

/** What `uname -m` calls a machine that runs these executables; 32-bit systems on the same processors say otherwise. */
const MACHINES: Readonly<Record<Architecture, string>> = { amd64: 'x86_64', arm64: 'aarch64' };

/**
 * A POSIX sh script with which a machine downloads the executables itself, those for its own processor: only the machine knows
 * for certain what it is, whatever its type and its image are called. It fetches all files side by side, takes an
 * interrupted one up where it broke, verifies each by the SHA-256 that the script itself carries, and installs it only then, 0755, so that an executable in
 * `folder` is always a whole one. Run again, it fetches only what is not there or not what was verified; two at once wait for
 * each other. It needs curl, tar, gzip, sha256sum and flock; it exits 0 only if everything is in place, and says on standard
 * error which file failed and why.
 * @param sums of all of `downloads`.
 * @param options.folder absolute path on the machine.
 * @param options.insecure plain http is taken too; otherwise curl refuses it, also where a redirect leads.
 */
export function downloadScript(
  downloads: Readonly<Partial<Record<Architecture, readonly Download[]>>>,
  sums: Sums,
  options: { readonly folder?: string; readonly insecure?: boolean } = {},
): string {
  const { folder = '/opt/haup/bin', insecure = false } = options;
  const branch = (files: readonly Download[]) => branchOf(files, sums);
  return `#!/bin/sh
# Written by haup: the executables of a machine.
set -u
umask 022
folder=${quote(folder)}
work="$folder/.download"
mkdir -p "$work" || exit 1
exec 9>"$work/lock"
flock 9 || exit 1

say() { echo "haup-download: $*" >&2; }
get() { curl --proto '=${insecure ? 'http,https' : 'https'}' --fail --silent --show-error --location --connect-timeout 15 --speed-time 30 --speed-limit 1 "$@"; }

# fetch KEY SHA256 URL: leaves the verified file at $work/KEY.part
fetch() {
  part="$work/$1.part"
  attempt=0
  while [ "$attempt" -lt 8 ]; do
    [ "$attempt" -eq 0 ] || sleep "$attempt"
    attempt=$((attempt + 1))
    # A part that is whole already makes curl fail (416), so the checksum decides, not curl.
    get --continue-at - --output "$part" "$3"
    broken=$?
    [ -f "$part" ] || continue
    echo "$2  $part" | sha256sum --check --status && return 0
    # 0, 22 (an HTTP error: 416 for one) and 33 (no ranges) end with all that there is; after any other, what came is kept.
    case $broken in 0 | 22 | 33) say "what came from $3 does not have the SHA-256 $2"; rm -f "$part" ;; esac
  done
  say "gave up on $3"
  return 1
}

# Is NAME in place, and still what was verified?
in_place() { [ -x "$folder/$1" ] && (cd "$folder" && sha256sum --check --status ".download/$1.ok" 2>/dev/null); }

# install_as NAME FILE SHA256: the name appears with its content whole
install_as() {
  chmod 0755 "$2" || return 1
  mv -f "$2" "$folder/$1" || return 1
  (cd "$folder" && sha256sum "$1") >"$work/$1.ok" && echo "$3" >"$work/$1.from" && say "$1 is in place"
}

pids=''
case "$(uname -m)" in
${Object.entries(downloads)
  .map(([arch, files]) => `${MACHINES[arch as Architecture]})\n${branch(files)}\n  ;;`)
  .join('\n')}
*)
  say "the programs are installed for ${Object.keys(downloads).join(' and ')}; this machine is $(uname -m)"
  exit 1
  ;;
esac
failed=0
for pid in $pids; do wait "$pid" || failed=1; done
[ "$failed" -eq 0 ] || { say 'not everything could be fetched; run this again'; exit 1; }
`;
}

/** Fetches the files side by side. */
function branchOf(downloads: readonly Download[], sums: Sums): string {
  const start = downloads.map((_, index) => `download_${index} & pids="$pids $!"`);
  return [...downloads.map((each, index) => downloadFunction(each, sums, index)), ...start].join('\n');
}

function downloadFunction({ key, url, binaries }: Download, sums: Sums, index: number): string {
  const sum = sums[url];
  if (sum === undefined) throw new Error(`no SHA-256 of ${url}`);
  // What an executable came out of is known by its sum: another one at the same place is another file.
  const from = quote(sum);
  const there = binaries.map(
    ({ name }) => `in_place ${quote(name)} && [ "$(cat "$work"/${quote(name)}.from 2>/dev/null)" = ${from} ]`,
  );
  const part = `"$work"/${quote(`${key}.part`)}`;
  const install = binaries.map(({ name, archiveMember }) =>
    archiveMember === null
      ? `install_as ${quote(name)} ${part} ${from}`
      : `tar -xzOf ${part} ${quote(archiveMember)} >"$work"/${quote(name)} && install_as ${quote(name)} "$work"/${quote(name)} ${from}`,
  );
  return `download_${index}() {
  ${there.join(' &&\n    ')} &&
    return 0
  fetch ${quote(key)} ${from} ${quote(url)} &&
    ${install.join(' &&\n    ')} &&
    rm -f ${part}
}`;
}

/** As one word of a shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
