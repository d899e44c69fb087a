import type { ClusterSpec } from '../../cluster/model/spec.ts';
import type { RealWorld } from '../../cluster/world/world.ts';
import {
  type SeenCertificate,
  type SeenCertificates,
  seenCertificates,
} from '../../replicas/audit/seen-certificates.ts';

/** What the masters' audit logs know of client certificates, together. */
export interface Audited {
  /** Each once. */
  readonly seen: readonly SeenCertificate[];
  /** The first moment that each of the logs tells of, RFC 3339; null where there is none. */
  readonly since: string | null;
  /** Masters without a log that can be read. */
  readonly unread: readonly string[];
}

const SESSION_MS = 5000;

/** Of all masters, side by side; one that does not answer is among the unread. */
export async function auditedCertificates(
  { replicas }: Pick<ClusterSpec, 'replicas'>,
  world: Pick<RealWorld, 'session'>,
  signal: AbortSignal,
): Promise<Audited> {
  const logs = await Promise.all(
    replicas.map(async ({ name }) => {
      const log = await seenOn(world, name, signal).catch(() => null);
      signal.throwIfAborted();
      return { name, log };
    }),
  );
  const read = logs.flatMap(({ log }) => log ?? []);
  // Who came to one master alone is in no other's log: all of them tell only from where the last begins.
  const since = read.map((log) => log.since).sort(byMoment);
  return {
    seen: merged(read.flatMap(({ seen }) => seen)),
    since: since.at(-1) ?? null,
    unread: logs.filter(({ log }) => log === null).map(({ name }) => name),
  };
}

async function seenOn(
  world: Pick<RealWorld, 'session'>,
  name: string,
  signal: AbortSignal,
): Promise<SeenCertificates | null> {
  return seenCertificates(await world.session(name, SESSION_MS), { signal });
}

function merged(all: readonly SeenCertificate[]): SeenCertificate[] {
  const byId = new Map<string, SeenCertificate>();
  for (const one of all) {
    const other = byId.get(one.sha256) ?? one;
    const [first, last] = [
      [one.first, other.first].sort(byMoment)[0]!,
      [one.last, other.last].sort(byMoment)[1]!,
    ];
    byId.set(one.sha256, { ...one, first, last });
  }
  return [...byId.values()];
}

function byMoment(a: string, b: string): number {
  return Date.parse(a) - Date.parse(b);
}
