import { randomInt } from 'node:crypto';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const SUFFIX_LENGTH = 3;

/** A random whole number from 0 to `below - 1`. */
export type Random = (below: number) => number;

/** The name of a cluster's first replica, as kube-up had it. */
export function firstReplicaName(cluster: string): string {
  return `${cluster}-master`;
}

/**
 * The name of one more replica: the first's when the cluster has never named any, else `<cluster>-master-<3 random
 * lower-case letters or digits>`. A name that was `used` is never given again: etcd, the cloud's request tokens and people's
 * notes would take the new machine for the old one.
 * @throws Error when nearly all of the 46,656 suffixes are used.
 */
export function newReplicaName(cluster: string, used: readonly string[], random: Random = randomInt): string {
  const first = firstReplicaName(cluster);
  if (used.length === 0) return first;
  return suffixedName(first, used, random);
}

/** `<prefix>-<3 random lower-case letters or digits>`, never one that was used. @throws Error when nearly all are. */
export function suffixedName(prefix: string, used: readonly string[], random: Random = randomInt): string {
  const taken = new Set(used);
  for (let attempt = 0; attempt < 10_000; attempt++) {
    const suffix = Array.from({ length: SUFFIX_LENGTH }, () => ALPHABET[random(ALPHABET.length)]).join('');
    const name = `${prefix}-${suffix}`;
    if (!taken.has(name)) return name;
  }
  throw new Error(`no name is left that begins with ${prefix}: ${used.length} are used`);
}
