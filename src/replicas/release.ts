import { createHash } from 'node:crypto';
import { shellQuote } from '../ssh/quote.ts';
import type { Session } from '../ssh/session.ts';
import { type ArchivedFile, archive } from '../util/archive.ts';
import type { ReplicaBinaries } from './config.ts';
import { ReplicaError } from './errors.ts';
import { paths } from './paths.ts';
import type { Waiting } from './waiting.ts';

const PLAIN_TIMEOUT_MS = 60_000;
const DOWNLOAD_TIMEOUT_MS = 15 * 60_000;

/** Everything that makes a machine what it is, a master or a node. */
export interface MachineRelease {
  /** The machine's name, which becomes its host name. */
  readonly name: string;
  /** With paths relative to the release: units/… become systemd's, the rest is read below {@link paths.current}. */
  readonly files: readonly ArchivedFile[];
  readonly binaries: ReplicaBinaries;
  /** Executables that must be there afterwards. */
  readonly programs: readonly string[];
  /** Written to {@link paths.marker} when all else is on the disk. */
  readonly marker: Readonly<Record<string, unknown>>;
  /** POSIX shell that runs first: packages, users. */
  readonly prepare: string;
  /** POSIX shell that runs when the units are known to systemd. */
  readonly finish?: string;
}

/** Names a release by its contents: SHA-256, in hex. */
export function digest(files: readonly ArchivedFile[]): string {
  const hash = createHash('sha256');
  for (const { path, content, mode, owner } of files)
    hash.update(JSON.stringify([path, content, mode, owner]));
  return hash.digest('hex');
}

/** The folder on the machine that the units run their programs from. */
export function binariesFolder({ binaries }: { readonly binaries: ReplicaBinaries }): string {
  return binaries.kind === 'mounted' ? binaries.path : paths.downloadedBinaries;
}

/**
 * Puts a release on a machine, in one command: everything is in place and on the disk when this returns, and nothing is started.
 * Can be repeated; the files of a release take effect all at once.
 * @throws ReplicaError when the machine cannot hold it (a full disk, a missing binary); SshError
 */
export async function installRelease(
  session: Session,
  release: MachineRelease,
  options: Waiting = {},
): Promise<void> {
  const download = release.binaries.kind === 'download' ? release.binaries.script : null;
  const input = archive([
    ...release.files,
    ...(download === null ? [] : [{ path: 'download.sh', content: download, mode: 0o700, owner: 'root' }]),
  ]);
  if (download !== null) options.progress?.(`${release.name}: downloading its programs`);
  const result = await session.exec(script(release), {
    input,
    what: `provision ${release.name}`,
    timeoutMs: download === null ? PLAIN_TIMEOUT_MS : DOWNLOAD_TIMEOUT_MS,
    signal: options.signal,
  });
  if (result.code !== 0) throw failure(release.name, result.stderr);
}

function script(release: MachineRelease): string {
  const { name, files, programs, marker, prepare, finish = '' } = release;
  const folder = `${paths.releases}/${digest(files)}`;
  const download = release.binaries.kind === 'download';
  const units = files.filter(({ path }) => path.startsWith('units/')).map(({ path }) => path.slice(6));
  return `set -eu
umask 022
# Standard input is the archive's, and standard error is what a failure is told from.
{
${prepare}
} >&2 </dev/null
# Leases are held, and given back, in the machine's name: no two machines may share one.
case "$(hostname)" in ${name} | ${name}.*) ;; *) echo ${name} >/etc/hostname; hostname ${name} ;; esac

new=${folder}
rm -rf -- ${paths.releases}/*.part
trap 'rm -rf -- "$new.part"' EXIT
mkdir -p -- "$new.part"
tar -xpf - -C "$new.part"
${download ? `mkdir -p ${paths.downloadedBinaries}\nsh "$new.part/download.sh" ${paths.downloadedBinaries} >&2` : ''}
for binary in ${programs.join(' ')}; do
  [ -x ${shellQuote(binariesFolder(release))}/$binary ] || { echo "there is no $binary in ${binariesFolder(release)}" >&2; exit 1; }
done

# Until the release is on the disk, nothing refers to it.
if [ ! -e "$new" ]; then
  find "$new.part" -type f -exec sync {} +
  mv -T -- "$new.part" "$new"
fi
ln -sfn -- "$new" ${paths.current}.new
mv -fT -- ${paths.current}.new ${paths.current}
for old in ${paths.releases}/*; do [ "$old" = "$new" ] || rm -rf -- "$old"; done

mkdir -p ${paths.units}/.haup
cp -- "$new"/units/* ${paths.units}/.haup
sync -- ${paths.units}/.haup/*
known=; [ ! -e ${paths.units}/${units[0]} ] || known=1
mv -f -- ${paths.units}/.haup/* ${paths.units}
rmdir ${paths.units}/.haup
# systemd finds units that are new by itself.
[ -z "$known" ] || systemctl daemon-reload
${finish}

printf '%s\\n' ${shellQuote(JSON.stringify(marker))} >${paths.marker}.new
sync -- ${paths.marker}.new ${paths.releases} ${paths.units}
mv -fT -- ${paths.marker}.new ${paths.marker}
sync -- /etc/haup
`;
}

function failure(name: string, stderr: string): ReplicaError {
  const words = stderr.trim().slice(-1000);
  const full = /^.*(no space left on device|disk quota exceeded).*$/im.exec(words);
  if (full) {
    return new ReplicaError(`${name}: its disk is full: ${full[0]}`, {
      advice: [
        'free space on it',
        { to: 'then go on', command: 'repair' },
        { to: 'or give a new replica a larger disk', setting: 'diskSize' },
      ],
    });
  }
  return new ReplicaError(`${name}: could not be provisioned: ${words || 'no reason was given'}`);
}
