import { createHash } from 'node:crypto';
import { shellScript } from '../../ssh/script.ts';
import type { Session } from '../../ssh/session.ts';
import { type ArchivedFile, archive } from '../../util/host/archive.ts';
import type { ReplicaBinaries } from '../config.ts';
import { ReplicaError } from '../errors.ts';
import { paths } from '../paths.ts';
import type { Waiting } from '../waiting.ts';

const PLAIN_TIMEOUT_MS = 60_000;
const DOWNLOAD_TIMEOUT_MS = 15 * 60_000;

const installScript = shellScript('replicas/scripts/release.sh', [
  ...([
    'name',
    'digest',
    'prepare',
    'finish',
    'download',
    'programs',
    'programs_folder',
    'first_unit',
  ] as const),
  ...(['marker', 'marker_file', 'releases', 'current', 'units'] as const),
]);

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
  const units = files.filter(({ path }) => path.startsWith('units/')).map(({ path }) => path.slice(6));
  return installScript({
    ...{ name, digest: digest(files), prepare, finish },
    download: release.binaries.kind === 'download' ? paths.downloadedBinaries : '',
    ...{ programs: programs.join(' '), programs_folder: binariesFolder(release), first_unit: units[0] ?? '' },
    ...{ marker: JSON.stringify(marker), marker_file: paths.marker },
    ...{ releases: paths.releases, current: paths.current, units: paths.units },
  });
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
