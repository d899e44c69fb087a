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

const unpacking = [
  ...(['digest', 'marker', 'download', 'links', 'programs', 'executables', 'executables_folder'] as const),
  ...(['releases', 'current', 'previous', 'staged', 'units', 'marker_file'] as const),
] as const;
const installScript = shellScript('replicas/scripts/release.sh', ['name', 'prepare', 'finish', ...unpacking]);
const stageScript = shellScript('replicas/scripts/stage-release.sh', unpacking);

/** Where the scripts find releases. */
export const releasePaths = {
  releases: paths.releases,
  current: paths.current,
  previous: paths.previous,
  staged: paths.staged,
  units: paths.units,
  marker_file: paths.marker,
} as const;

/** Everything that makes a machine what it is, a master or a node. */
export interface MachineRelease {
  /** The machine's name, which becomes its host name. */
  readonly name: string;
  /** With paths relative to the release: units/… become systemd's, the rest is read below {@link paths.current}. */
  readonly files: readonly ArchivedFile[];
  readonly binaries: ReplicaBinaries;
  /** Executables that must be there afterwards. */
  readonly programs: readonly string[];
  /** Names of links to their folder, below {@link paths.programs}. */
  readonly links?: readonly string[];
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

/** The folder on the machine that has its programs. */
export function binariesFolder({ binaries }: { readonly binaries: ReplicaBinaries }): string {
  return binaries.path;
}

/**
 * Puts a release on a machine, in one command: everything is in place and on the disk when this returns, and nothing is started.
 * Can be repeated; the files of a release take effect all at once.
 * @throws ReplicaError when the machine cannot hold it (a full disk, a missing binary); SshError
 */
export function installRelease(
  session: Session,
  release: MachineRelease,
  options: Waiting = {},
): Promise<void> {
  const { name, prepare, finish = '' } = release;
  return put(session, release, installScript({ name, prepare, finish, ...inputs(release) }), options);
}

/** Puts a release beside the one in force, which goes on being that. As {@link installRelease} otherwise. */
export function stageRelease(
  session: Session,
  release: MachineRelease,
  options: Waiting = {},
): Promise<void> {
  return put(session, release, stageScript(inputs(release)), options);
}

async function put(
  session: Session,
  release: MachineRelease,
  script: string,
  options: Waiting,
): Promise<void> {
  const { binaries } = release;
  const download = binaries.kind === 'download' ? binaries.script : null;
  const input = archive([
    ...release.files,
    ...(download === null ? [] : [{ path: 'download.sh', content: download, mode: 0o700, owner: 'root' }]),
  ]);
  if (download !== null) options.progress?.(`${release.name}: downloading its programs`);
  const result = await session.exec(script, {
    input,
    what: `provision ${release.name}`,
    timeoutMs: download === null ? PLAIN_TIMEOUT_MS : DOWNLOAD_TIMEOUT_MS,
    signal: options.signal,
  });
  if (result.code !== 0) throw failure(release.name, result.stderr);
}

function inputs({ files, programs, marker, links = [], binaries }: MachineRelease) {
  return {
    ...{ digest: digest(files), marker: JSON.stringify(marker) },
    download: binaries.kind === 'download' ? binaries.path : '',
    ...{ links: links.join(' '), programs: paths.programs },
    ...{ executables: programs.join(' '), executables_folder: binaries.path },
    ...releasePaths,
  };
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
