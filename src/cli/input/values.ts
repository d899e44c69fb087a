import { pathToFileURL } from 'node:url';
import { parseEtcdVersion, parseKubernetesVersion } from '../../artifacts/versions.ts';
import { readRepository } from '../../backup/repository.ts';
import { isOthersLabel, LABEL_VALUE, QUALIFIED_NAME } from '../../cluster/model/labels.ts';
import { CIDR, CLUSTER_NAME, REPLICA_NAME, ZONE } from '../../cluster/model/names.ts';
import type { Loopback } from '../../guard/serve-metrics.ts';
import type { Taint } from '../../nodes/config.ts';
import { providerNames, providers, regionOf } from '../../providers/registry.ts';
import { BOOLEANS, booleanOf } from '../../util/text/boolean.ts';
import { UsageError } from '../errors.ts';

/**
 * What a flag, a variable or a line of the configuration file may hold. Each function takes the text as it was given
 * and throws a {@link UsageError} that reads on from the flag's name: "must be …, not …".
 */
export type Parse<T> = (text: string) => T;

function refuse(accepted: string, given: string): never {
  throw new UsageError(`must be ${accepted}, not ${shown(given)}`);
}

/** As it was typed, but on one line and not endless. */
function shown(text: string): string {
  const quoted = JSON.stringify(text);
  return quoted.length > 80 ? `${quoted.slice(0, 76)}…"` : quoted;
}

function matching(pattern: RegExp, accepted: string): Parse<string> {
  return (text) => (pattern.test(text) ? text : refuse(accepted, text));
}

export const clusterName = matching(
  CLUSTER_NAME,
  'lower-case letters, digits and hyphens, a letter first, no hyphen last, at most 40 characters',
);
export const replicaName = matching(
  REPLICA_NAME,
  "a replica's name (lower-case letters, digits and hyphens)",
);
export const nodeName = matching(REPLICA_NAME, "a node's name (lower-case letters, digits and hyphens)");
export const zoneName = matching(
  ZONE,
  `a zone such as ${either(providerNames.map((name) => providers[name].zones.example))}`,
);
export const replicaOrZone = matching(ZONE, 'the name of a replica or a zone');
export const regionName = matching(
  ZONE,
  `a region such as ${either(providerNames.map((name) => regionOf(name, providers[name].zones.example)))}`,
);
export const contextName = matching(
  /^[\x21-\x7e]{1,253}$/,
  'the name of a context, as kubectl config get-contexts shows it',
);
export const place = matching(
  /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
  'lower-case letters, digits and hyphens: it is a label of DNS names',
);

/** @throws UsageError: without its final dot a name is read as relative to whatever zone it is used in. */
export const dnsZone = matching(
  /^(?=.{1,200}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.){2,}$/,
  'a DNS zone with its final dot, such as example.com.',
);
export const etcdEndpoint = matching(
  /^https:\/\/[A-Za-z0-9.:[\]-]{1,253}$/,
  'the address of an etcd, such as https://10.0.0.5:2379',
);
export const dnsZoneId = matching(/^[A-Za-z0-9-]{1,63}$/, 'the id of a zone: letters, digits and hyphens');
export const nameServer = matching(/^[0-9a-fA-F.:[\]]{2,60}$/, 'an IP address, with :PORT or without');
export const cidr = matching(CIDR, 'a network such as 203.0.113.0/24');

/** A name that the cloud understands; anything that a shell or a path could misread is refused. */
export const cloudName = matching(
  /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,254}$/,
  'a name of letters, digits and . _ : / -',
);

/** Which releases there are, and that `1.37` is the newest of that minor, the artifacts know (artifacts/versions.ts). */
export const kubernetesVersion = supported(
  matching(/^v?1\.\d{1,4}(\.\d{1,4})?$/, 'a release such as v1.37.1'),
  parseKubernetesVersion,
);
export const etcdVersion = supported(
  matching(/^v?3\.\d{1,4}\.\d{1,4}$/, 'a release such as v3.7.3'),
  parseEtcdVersion,
);

function supported(isRelease: Parse<string>, check: (text: string) => string): Parse<string> {
  return (text) => {
    const release = isRelease(text);
    try {
      check(release);
    } catch (error) {
      throw new UsageError(`is refused: ${(error as Error).message}`, { cause: error });
    }
    return release;
  };
}

/** What a client can ask over HTTP, or nothing: null. Whoever reads the report reads it as well. */
export function workload(text: string): URL | null {
  if (text === 'none') return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:';
  return url && isWeb && url.username === '' && url.password === ''
    ? url
    : refuse('none, or a URL without a password such as https://shop.example.com/healthz', url?.host ?? text);
}

export function wholeNumber(from: number, to: number): Parse<number> {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return value >= from && value <= to ? value : refuse(`a whole number from ${from} to ${to}`, text);
  };
}

/** sshd, etcd (clients, peers), the controller manager and the scheduler listen there on every replica. */
const TAKEN_PORTS = [22, 2379, 2380, 10257, 10259];

export function apiPort(text: string): number {
  const port = wholeNumber(1, 65_535)(text);
  return TAKEN_PORTS.includes(port)
    ? refuse(`a port that nothing else on a replica uses (${TAKEN_PORTS.join(', ')} are taken)`, text)
    : port;
}

/** `9479`, `127.0.0.1:9479` or `[::1]:9479`: nobody else's machine can ask there. */
export function loopback(text: string): Loopback {
  const [, host = '127.0.0.1', port = ''] =
    /^(?:(127\.0\.0\.1|localhost|\[::1\]):)?(\d{1,5})$/.exec(text) ?? [];
  const number = Number(port);
  if (number < 1 || number > 65_535)
    refuse('a port, or one of loopback: 9479, 127.0.0.1:9479 or [::1]:9479', text);
  return { host: host === '[::1]' ? '::1' : '127.0.0.1', port: number };
}

/** `20` and kube-up's `20GB`. */
export function gigabytes(text: string): number {
  const value = /^\d{1,6}(GB|GiB|G)?$/.test(text) ? Number.parseInt(text, 10) : Number.NaN;
  return value >= 10 && value <= 65_536
    ? value
    : refuse('a size in GB from 10 to 65536, such as 20 or 20GB', text);
}

/** `90s`, `30m`, `1h30m`, `7d`. Milliseconds. */
export function duration(text: string): number {
  const match = /^(?:(\d{1,3})d)?(?:(\d{1,4})h)?(?:(\d{1,5})m)?(?:(\d{1,6})s)?$/.exec(text);
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = (match ?? [])
    .slice(1)
    .map((part) => Number(part ?? 0));
  const ms = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
  return ms > 0 ? ms : refuse('a duration such as 90s, 30m or 1h30m', text);
}

/** The same, from `least` to `most` seconds. */
export function durationBetween(least: number, most: number): Parse<number> {
  return (text) => {
    const ms = duration(text);
    return ms >= least * 1000 && ms <= most * 1000 ? ms : refuse(`from ${least}s to ${most}s`, text);
  };
}

const API_NAME = /^[A-Za-z0-9][A-Za-z0-9:@._-]{0,62}$/;

/** A person or a group, as certificates name them. Kubernetes keeps `system:` for itself. */
function apiName(what: string): Parse<string> {
  return (text) => {
    if (!API_NAME.test(text)) return refuse(`a ${what}: letters, digits and :@._- , 63 at most`, text);
    return text.startsWith('system:')
      ? refuse(`a ${what} that is not Kubernetes' own (system:)`, text)
      : text;
  };
}

export const apiUser = apiName('user');
export const apiGroup = apiName('group');

/** The one reading of a boolean: of flags, variables and the configuration file. */
export function yesOrNo(text: string): boolean {
  return booleanOf(text) ?? refuse(BOOLEANS, text);
}

export function oneOf<const T extends string>(...choices: readonly T[]): Parse<T> {
  return (text) => choices.find((choice) => choice === text) ?? refuse(either(choices), text);
}

/** `a, b or c`. */
export function either(choices: readonly string[]): string {
  return choices.length < 2 ? choices.join() : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`;
}

/** `a,b,c`; blanks around the commas are ignored. */
export function listOf<T>(parse: Parse<T>): Parse<readonly T[]> {
  return (text) => text.split(',').map((part) => parse(part.trim()));
}

/** `file:///folder`, or an absolute path that is made one; `s3://bucket/prefix`, `gs://bucket/prefix`. */
export function storeUrl(text: string): string {
  if (/^(file:\/\/\/|s3:\/\/|gs:\/\/)./.test(text)) return text;
  return text.startsWith('/')
    ? pathToFileURL(text).href
    : refuse('a URL such as file:///root/.haup/clusters, s3://bucket/prefix or gs://bucket/prefix', text);
}

/** `disk=ssd`, as the pair that it is. */
export function nodeLabel(text: string): readonly [string, string] {
  const [key = '', value, ...more] = text.split('=');
  if (!QUALIFIED_NAME.test(key) || value === undefined || !LABEL_VALUE.test(value) || more.length > 0)
    refuse('a label such as disk=ssd', text);
  if (isOthersLabel(key)) refuse('a label that a node may give itself (none of kubernetes.io)', text);
  return [key, value];
}

/** `dedicated=db:NoSchedule`, or without a value `dedicated:NoSchedule`. */
export function nodeTaint(text: string): Taint {
  const [, key = '', , value, effect] = /^([^=:]*)(=([^=:]*))?:([A-Za-z]+)$/.exec(text) ?? [];
  const known = (['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const).find((each) => each === effect);
  if (!known || !QUALIFIED_NAME.test(key) || !LABEL_VALUE.test(value ?? ''))
    return refuse('a taint such as dedicated=db:NoSchedule', text);
  return { key, effect: known, ...(value === undefined ? {} : { value }) };
}

/** Of a restic repository. */
export function repository(text: string): string {
  try {
    return readRepository(text).address;
  } catch (error) {
    throw new UsageError(`is refused: ${(error as Error).message}`, { cause: error });
  }
}

/** As `haup backup list` has it, or restic. */
export const backupId = matching(/^[0-9a-f]{8,64}$/, "a backup's id, as haup backup list shows it");

/** `1h,1d,30d`. */
export function retention(text: string) {
  const [, all, hourly, daily] = /^(\d{1,4})h,(\d{1,4})d,(\d{1,5})d$/.exec(text) ?? [];
  return Number(all) > 0
    ? { allHours: Number(all), hourlyDays: Number(hourly), dailyDays: Number(daily) }
    : refuse('how long all, one an hour and one a day are kept, such as 1h,1d,30d', text);
}

/** One whose name no line can show is refused, though a disk may have it. */
export function filePath(text: string): string {
  return /\p{Cc}/u.test(text) ? refuse('a file', text) : text;
}
