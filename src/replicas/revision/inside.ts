import { rfc3339 } from '../../util/text/rfc3339.ts';
import { type BackupReport, parseReport } from '../backup/report.ts';
import { aheadSeconds, type Exchange } from '../clock.ts';
import { healthUrls, SETTLED_SECONDS, type UnitName, unit } from '../units/names.ts';
import { SEPARATOR } from './ask.ts';
import { parseMarker } from './marker.ts';
import { parseRevision, type Revision } from './revision.ts';

/** What systemd knows of a unit. `disabled`: haup does not want it to run (yet, or any more) on this machine. */
export type UnitState = 'disabled' | 'stopped' | 'running';

/** What a machine says of itself over SSH, in one command. */
export interface Inside {
  /** Every file that a replica needs is in place, for this cluster and this name. False on an empty disk. */
  readonly provisioned: boolean;
  /** etcd's data directory holds a member. */
  readonly etcdData: boolean;
  readonly etcd: UnitState;
  /** `running` becomes `ready` or `unready` by /readyz. */
  readonly apiServer: 'disabled' | 'stopped' | 'unready' | 'ready';
  /** Controller manager and scheduler: `running` only if both run. */
  readonly controllers: UnitState;
  /** RFC 3339, of the certificate that ends first; null before provisioning. */
  readonly certificateExpires: string | null;
  /** Until then by the machine's own clock, which is what judges it; negative once it has expired. */
  readonly certificateSecondsLeft: number | null;
  /** Names and addresses on the API server's certificate. Empty before provisioning. */
  readonly certificateNames: readonly string[];
  /** Null before provisioning. */
  readonly revision: Revision | null;
  /** The change of the spec that what is in force was made for, and that for which something lies beside it; null: none. */
  readonly change: string | null;
  readonly staged: string | null;
  /** The change whose release is in force already while the machine is not complete with it: that was cut off, or failed. Null: none. */
  readonly begun: string | null;
  /** How far its clock is ahead of the operator's, whole seconds; 0 when the way there and back explains the difference. */
  readonly clockAheadSeconds: number;
  /** The newest revision of the operator's store that was put to work here; null where none was noted. */
  readonly storeRevision: number | null;
  /** What is left, KiB, where haup and its units write: `/run`, `/var/lib/haup` … Only folders that exist. */
  readonly freeKib: Readonly<Record<string, number>>;
  /** Null where it was told of no backups. */
  readonly backup: BackupReport | null;
}

export interface InspectOptions {
  readonly uid: string;
  readonly name: string;
  readonly apiPort: number;
}

type Properties = ReadonlyMap<string, string>;

/**
 * Reads the answer of a machine that was asked about itself (inspect.ts). Null when a part of it is missing or does not read as
 * it was written: then nothing is known, which is something else than a machine with nothing on it.
 */
export function parseInside(output: string, options: InspectOptions, exchange: Exchange): Inside | null {
  const sections = output.split(`${SEPARATOR}\n`);
  if (sections.length !== 14) return null;
  const [
    began = '',
    marking = '',
    staging = '',
    inForce = '',
    files = '',
    digests = '',
    wal = '',
    noted = '',
    backups = '',
    unitLines = '',
    up = '',
    space = '',
    healthLines = '',
    ended = '',
  ] = sections;
  const units = readUnits(unitLines);
  const clocks = [began, ended].map((text) => (/^\d{13}\n$/.test(text) ? Number(text) : Number.NaN));
  const marker = parseMarker(marking);
  if (
    clocks.some(Number.isNaN) ||
    !/^\d+\n$/.test(up) ||
    !/^(yes\n)?$/.test(wal) ||
    !/^(\d{1,15}\n)?$/.test(noted) ||
    !/^(\/\S* \d+\n)*$/.test(space) ||
    [staging, inForce].some((text) => text !== '' && parseMarker(text) === null) ||
    // On a machine that is none of ours yet there is nobody to ask, and perhaps no curl.
    (marking !== '' && (marker === null || !isHealth(healthLines, options))) ||
    ![unit.etcd, unit.apiServer, unit.controllerManager, unit.scheduler].every((name) =>
      isWhole(units.get(name)),
    )
  )
    return null;
  const backup = parseReport(backups);
  if (backup === undefined) return null;
  const revision = marker && parseRevision(marker, files, digests);
  if (marker && !revision) return null;
  const uptime = Number(up);
  const health = new Map(healthLines.split('\n').map((line) => line.split(' ') as [string, string]));
  const code = (url: string) => health.get(url) ?? '000';
  const apiServer = unitState(units.get(unit.apiServer)!);
  const ready = code(`https://127.0.0.1:${options.apiPort}/readyz`) === '200';
  // A federation has no scheduler: systemd knows no such file there.
  const there = ([unit.controllerManager, unit.scheduler] as const).filter(
    (name) => name !== unit.scheduler || units.get(name)!.get('UnitFileState') !== '' || marker === null,
  );
  const controllers = there.map((name) => {
    const state = unitState(units.get(name)!);
    const runs = code(healthUrls[name]) !== '000' && stays(units.get(name)!, uptime);
    return state === 'running' && !runs ? 'stopped' : state;
  });
  const ends = (revision?.certificates ?? []).map(({ notAfter }) => Date.parse(notAfter));
  const expires = ends.length === 0 ? null : Math.min(...ends);
  return {
    provisioned: marker !== null && marker.uid === options.uid && marker.name === options.name,
    etcdData: wal.trim() === 'yes',
    etcd: unitState(units.get(unit.etcd)!),
    apiServer: apiServer === 'running' ? (ready ? 'ready' : 'unready') : apiServer,
    controllers: controllers.every((state) => state === controllers[0]) ? controllers[0]! : 'stopped',
    certificateExpires: expires === null ? null : rfc3339(expires),
    certificateSecondsLeft: expires === null ? null : Math.floor((expires - clocks[1]!) / 1000),
    certificateNames: revision?.certificates.find(({ file }) => file === 'apiserver.crt')?.names ?? [],
    revision,
    change: marker?.change ?? null,
    staged: parseMarker(staging)?.change ?? null,
    begun: begunOf(marker?.change, parseMarker(inForce)?.change),
    clockAheadSeconds: aheadSeconds(clocks[0]!, clocks[1]!, exchange),
    storeRevision: noted === '' ? null : Number(noted),
    freeKib: readSpace(space),
    backup,
  };
}

/** The marker is written last. What is in force may be older than what it is of: a single certificate that was renewed makes no change. */
function begunOf(complete: string | undefined | null, inForce: string | undefined | null): string | null {
  return inForce && inForce !== complete ? inForce : null;
}

function readSpace(text: string): Record<string, number> {
  const lines = [...text.matchAll(/^(\/\S*) (\d+)$/gm)];
  return Object.fromEntries(lines.map(([, folder, kib]) => [folder, Number(kib)]));
}

/** `systemctl show`: a paragraph a unit, `Key=value` a line. */
export function readUnits(text: string): Map<string, Properties> {
  return new Map(
    text.split('\n\n').map((paragraph) => {
      const values = new Map(paragraph.split('\n').map((line) => line.split('=', 2) as [string, string]));
      return [values.get('Id') as UnitName, values];
    }),
  );
}

/** A line a component, with the code of its answer. */
function isHealth(text: string, { apiPort }: InspectOptions): boolean {
  const urls = [`https://127.0.0.1:${apiPort}/readyz`, ...Object.values(healthUrls)];
  const lines = text.split('\n');
  return (
    lines.length === urls.length + 1 &&
    urls.every((url) => lines.some((line) => line.startsWith(`${url} `) && /\d{3}$/.test(line)))
  );
}

const FILE_STATES = [
  '',
  'enabled',
  'enabled-runtime',
  'disabled',
  'masked',
  'masked-runtime',
  'static',
  'linked',
  'linked-runtime',
  'bad',
  'not-found',
  'indirect',
  'generated',
  'transient',
  'alias',
];
const STATES = [
  'active',
  'reloading',
  'inactive',
  'failed',
  'activating',
  'deactivating',
  'maintenance',
  'refreshing',
];

/** Whether systemd has said all that is asked of a unit, in words that it has. */
export function isWhole(unit: Properties | undefined): boolean {
  if (!unit || !STATES.includes(unit.get('ActiveState') ?? '')) return false;
  const numbers = [unit.get('NRestarts'), unit.get('ActiveEnterTimestampMonotonic')];
  return (
    FILE_STATES.includes(unit.get('UnitFileState') ?? '?') &&
    numbers.every((text) => /^\d+$/.test(text ?? ''))
  );
}

/**
 * Enabled means that haup wants the unit to run here. One that is disabled and still runs is on its way down, and not
 * yet out of the way. One that does not yet serve, or is about to be started again, is `activating`.
 */
export function unitState(unit: Properties): UnitState {
  const active = unit.get('ActiveState');
  if (unit.get('UnitFileState') !== 'enabled' && (active === 'inactive' || active === 'failed'))
    return 'disabled';
  return active === 'active' ? 'running' : 'stopped';
}

/** False for one that systemd started again moments ago: it may be about to end again. */
function stays(unit: Properties, uptimeSeconds: number): boolean {
  const since = Number(unit.get('ActiveEnterTimestampMonotonic')) / 1e6;
  return unit.get('NRestarts') === '0' || uptimeSeconds - since >= SETTLED_SECONDS;
}
