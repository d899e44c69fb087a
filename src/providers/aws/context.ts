import type { Filter, Tag } from '@aws-sdk/client-ec2';
import type { Clock } from '../../util/clock.ts';
import type { ClusterIdentity, ProviderSettings } from '../provider.ts';
import { type PollOptions, poll } from '../shared/poll.ts';
import type { Api } from './api/api.ts';
import { misunderstood } from './api/errors.ts';

/** What every part of this provider needs. */
export interface Context {
  readonly cluster: ClusterIdentity;
  readonly settings: ProviderSettings;
  readonly api: Api;
  readonly clock: Clock;
  readonly progress: (message: string) => void;
  /** Whether anyone takes a connection there; a second or two. */
  readonly reach: (host: string, port: number) => Promise<boolean>;
  /** Of all pods; undefined: pods have their nodes' addresses. */
  readonly podRange: string | undefined;
  /** The operator's own public address as a CIDR. */
  readonly operatorAddress: () => Promise<string>;
}

/** Decides ownership. Never a name, never a prefix. */
export const uidTag = 'haup-uid';
const clusterTag = 'haup-cluster';
export const replicaTag = 'haup-replica';
/**
 * Of an Elastic IP: `api`, or `management` for a machine that has lost its own public address. Of a machine: `master` or
 * `node`; machines from before roles lack it.
 */
export const roleTag = 'haup-role';

/** The tags of a thing of the cluster; `name` is what the console shows. */
export function tagsFor(cluster: ClusterIdentity, name: string, more: Record<string, string> = {}): Tag[] {
  const all = { Name: name, [clusterTag]: cluster.name, [uidTag]: cluster.uid, ...more };
  return Object.entries(all).map(([Key, Value]) => ({ Key, Value }));
}

export function ownedBy(cluster: ClusterIdentity): Filter {
  return { Name: `tag:${uidTag}`, Values: [cluster.uid] };
}

export interface Tagged {
  readonly Tags?: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined;
}

export function tagOf(thing: Tagged, key: string): string | null {
  return thing.Tags?.find((tag) => tag.Key === key)?.Value ?? null;
}

/**
 * What a listing by {@link ownedBy} answered, each with the cluster's tag on it. Where one lacks it, the answer is not the one to the
 * question, and what is not known to be ours is never touched.
 */
export function allOurs<T extends Tagged>(
  cluster: ClusterIdentity,
  things: readonly T[],
  action: string,
): T[] {
  if (things.every((thing) => tagOf(thing, uidTag) === cluster.uid)) return [...things];
  throw misunderstood(action, `something without this cluster's tag ${uidTag}`);
}

/** Waits, saying so to the user. */
export function wait<T>(
  context: Context,
  what: string,
  look: () => Promise<T | undefined>,
  options: Pick<PollOptions, 'timeoutMs'> & Partial<PollOptions> & { readonly api?: Api },
): Promise<T> {
  context.progress(`waiting for ${what}`);
  const { api = context.api, ...rest } = options;
  return poll(look, { what, clock: context.clock, signal: api.signal, ...rest });
}

/** Every page of a listing. A page may be empty and still not be the last. */
export async function pages<Page extends { NextToken?: string | undefined }, Item>(
  next: (token: { NextToken?: string }) => Promise<Page>,
  items: (page: Page) => readonly Item[],
): Promise<Item[]> {
  const all: Item[] = [];
  const tokens = new Set<string>();
  let token: string | undefined;
  do {
    const page = await next(token === undefined ? {} : { NextToken: token });
    all.push(...items(page));
    token = page.NextToken || undefined;
    if (token !== undefined && tokens.has(token)) throw misunderstood('a list', 'a page was there before');
    tokens.add(token ?? '');
  } while (token !== undefined);
  return all;
}

export const minutes = 60_000;
