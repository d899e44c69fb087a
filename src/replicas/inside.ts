import { X509Certificate } from 'node:crypto';
import { parseMarker } from './marker.ts';
import { healthUrls, SETTLED_SECONDS, type UnitName, unit } from './units/names.ts';

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
  /** RFC 3339; null before provisioning. */
  readonly certificateExpires: string | null;
  /** DNS names on the API server's certificate. Empty before provisioning. */
  readonly certificateNames: readonly string[];
}

export interface InspectOptions {
  readonly uid: string;
  readonly name: string;
  readonly apiPort: number;
}

/** Between the sections of the answer: marker, certificate, write-ahead log, units, seconds since the boot, health. */
export const SEPARATOR = '--haup--';
const SECTIONS = 6;

type Properties = ReadonlyMap<string, string>;

/**
 * Reads the answer of a machine that was asked about itself (inspect.ts). Null when a part of it is missing: then nothing is known,
 * which is something else than a machine with nothing on it.
 */
export function parseInside(output: string, options: InspectOptions): Inside | null {
  const sections = output.split(`${SEPARATOR}\n`);
  const units = readUnits(sections[3] ?? '');
  if (
    sections.length !== SECTIONS ||
    !Object.values(unit).every((name) => name === unit.endpoints || units.has(name))
  )
    return null;
  const marker = parseMarker(sections[0]!);
  const uptime = Number(sections[4]);
  const health = new Map(sections[5]!.split('\n').map((line) => line.split(' ') as [string, string]));
  const code = (url: string) => health.get(url) ?? '000';
  const apiServer = unitState(units.get(unit.apiServer)!);
  const ready = code(`https://127.0.0.1:${options.apiPort}/readyz`) === '200';
  const controllers = ([unit.controllerManager, unit.scheduler] as const).map((name) => {
    const state = unitState(units.get(name)!);
    const runs = code(healthUrls[name]) !== '000' && stays(units.get(name)!, uptime);
    return state === 'running' && !runs ? 'stopped' : state;
  });
  return {
    provisioned: marker !== null && marker.uid === options.uid && marker.name === options.name,
    etcdData: sections[2]!.trim() === 'yes',
    etcd: unitState(units.get(unit.etcd)!),
    apiServer: apiServer === 'running' ? (ready ? 'ready' : 'unready') : apiServer,
    controllers: controllers.every((state) => state === controllers[0]) ? controllers[0]! : 'stopped',
    ...certificate(sections[1]!),
  };
}

/** `systemctl show`: a paragraph a unit, `Key=value` a line. */
function readUnits(text: string): Map<string, Properties> {
  return new Map(
    text.split('\n\n').map((paragraph) => {
      const values = new Map(paragraph.split('\n').map((line) => line.split('=', 2) as [string, string]));
      return [values.get('Id') as UnitName, values];
    }),
  );
}

/**
 * Enabled means that haup wants the unit to run here. One that is disabled and still runs is on its way down, and not
 * yet out of the way. One that does not yet serve, or is about to be started again, is `activating`.
 */
function unitState(unit: Properties): UnitState {
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

/** The time as RFC 3339, without milliseconds. */
function certificate(pem: string): Pick<Inside, 'certificateExpires' | 'certificateNames'> {
  try {
    const { validTo, subjectAltName = '' } = new X509Certificate(pem);
    return {
      certificateExpires: new Date(validTo).toISOString().replace('.000Z', 'Z'),
      certificateNames: [...subjectAltName.matchAll(/DNS:([^,\s]+)/g)].map((match) => match[1]!),
    };
  } catch {
    return { certificateExpires: null, certificateNames: [] };
  }
}
