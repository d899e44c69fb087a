import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { MARK } from '../../pki/kubeconfig.ts';
import { UsageError } from '../errors.ts';
import { bodyOf, type Entries, type Entry, SECTIONS, type Section } from './document.ts';

/** The three entries of one cluster, all under one name. */
export type Addition = Readonly<Record<Section, Entry>>;

/**
 * Which of a kubeconfig's entries haup wrote for this very cluster, so that only those are written over. They bear its mark
 * (the cluster's uid, which no other cluster has). What an older haup wrote has none: a cluster entry is known by the
 * authority's certificate, a user entry by a certificate of that authority for the same administrator, a context by
 * leading from the one to the other. Marked entries of another cluster that lead to our address are those of
 * one that is gone: the address is ours now.
 */
export function oursAmong(entries: Entries, addition: Addition): (section: Section, entry: Entry) => boolean {
  const wanted = bodyOf('clusters', addition.clusters);
  const own = markOf('clusters', addition.clusters);
  const uids = new Set(own ? [own.uid] : []);
  for (const entry of entries.clusters) {
    const mark = markOf('clusters', entry);
    const { server } = bodyOf('clusters', entry);
    if (mark && mark.cluster === own?.cluster && server === wanted.server) uids.add(mark.uid);
  }
  const ours = (section: Section, entry: Entry): boolean => {
    const mark = markOf(section, entry);
    if (mark) return uids.has(mark.uid);
    if (section === 'clusters') return sameAuthority(bodyOf(section, entry), wanted);
    if (section === 'users') return sameAdministrator(bodyOf(section, entry), addition);
    const { cluster, user } = bodyOf('contexts', entry);
    return (
      cluster === entry.name && user === entry.name && isOurs('clusters', cluster) && isOurs('users', user)
    );
  };
  const isOurs = (section: Section, name: string): boolean => {
    const named = entries[section].filter((entry) => entry.name === name);
    return named.length > 0 && named.every((entry) => ours(section, entry));
  };
  return ours;
}

/**
 * The name under which the cluster's entries can be written: where haup wrote them before, else the cluster's own, else one
 * that nobody has. A name that a foreign context refers to, though no entry has it, is not free either: it would lead there.
 * @param others of the files that kubectl reads together with this one.
 */
export function chooseName(entries: Entries, others: readonly Entries[], addition: Addition): string {
  const wanted = addition.contexts.name;
  const all = [entries, ...others].map((one) => ({ one, ours: oursAmong(one, addition) }));
  const named = (section: Section, name: string) =>
    all.flatMap(({ one, ours }) =>
      one[section].filter((entry) => entry.name === name).map((entry) => ours(section, entry)),
    );
  const refersTo = (section: 'clusters' | 'users', name: string): boolean =>
    named(section, name).length === 0 &&
    all.some(({ one, ours }) =>
      one.contexts.some(
        (context) =>
          !ours('contexts', context) &&
          bodyOf('contexts', context)[section === 'clusters' ? 'cluster' : 'user'] === name,
      ),
    );
  const usable = (name: string): boolean =>
    SECTIONS.every((section) => named(section, name).every(Boolean)) &&
    !refersTo('clusters', name) &&
    !refersTo('users', name);
  const candidates = [
    wanted,
    `haup-${wanted}`,
    ...Array.from({ length: 98 }, (_, index) => `haup-${wanted}-${index + 2}`),
  ];
  const before = candidates.find(
    (name) => usable(name) && SECTIONS.every((section) => named(section, name).length > 0),
  );
  const name = before ?? candidates.find(usable);
  if (name === undefined)
    throw new UsageError(
      `there are entries called ${wanted} and ${candidates.at(-1)} there already; rename some`,
    );
  return name;
}

/** The same entries under another name. */
export function renamed(addition: Addition, name: string): Addition {
  const { clusters, users, contexts } = addition;
  return {
    clusters: { ...clusters, name },
    users: { ...users, name },
    contexts: { ...contexts, name, context: { ...bodyOf('contexts', contexts), cluster: name, user: name } },
  };
}

const markSchema = z.object({ cluster: z.string(), uid: z.string().min(1) });
const extensionSchema = z.object({ name: z.string(), extension: z.unknown() });

/** For which cluster haup wrote the entry; null when it does not say so. */
function markOf(section: Section, entry: Entry): z.infer<typeof markSchema> | null {
  const { extensions } = bodyOf(section, entry);
  for (const one of Array.isArray(extensions) ? extensions : []) {
    const extension = extensionSchema.safeParse(one).data;
    if (extension?.name === MARK) return markSchema.safeParse(extension.extension).data ?? null;
  }
  return null;
}

function sameAuthority(
  entry: Readonly<Record<string, unknown>>,
  wanted: Readonly<Record<string, unknown>>,
): boolean {
  const [there, ours] = [entry, wanted].map((one) => certificateIn(one['certificate-authority-data']));
  return there != null && ours != null && there.raw.equals(ours.raw);
}

function sameAdministrator(entry: Readonly<Record<string, unknown>>, addition: Addition): boolean {
  const authority = certificateIn(bodyOf('clusters', addition.clusters)['certificate-authority-data']);
  const ours = certificateIn(bodyOf('users', addition.users)['client-certificate-data']);
  const there = certificateIn(entry['client-certificate-data']);
  if (!authority || !ours || !there || userOf(there) !== userOf(ours)) return false;
  return there.verify(authority.publicKey);
}

/** The groups of an administrator have changed since haup began to mark what it writes. */
function userOf({ subject }: X509Certificate): string | undefined {
  return subject.split('\n').find((line) => line.startsWith('CN='));
}

function certificateIn(base64: unknown): X509Certificate | null {
  if (typeof base64 !== 'string') return null;
  try {
    return new X509Certificate(Buffer.from(base64, 'base64'));
  } catch {
    return null;
  }
}
