import { CLUSTERS_API } from '../model/names.ts';
import { numberOf } from '../model/object.ts';
import { saysAlready } from '../plan/status.ts';
import { type Api, MERGE, unlessGone } from './api.ts';
import type { Member } from './member.ts';
import type { Membership } from './membership.ts';
import type { Mirror } from './mirror.ts';
import type { Runner } from './runner.ts';
import { clusterStatus, profileStatus } from './tell.ts';

/** What the federation's API is told of its members: the status of each Cluster, and of its ClusterProfile. */
export interface MemberStatus {
  /** What is known of it may be another. Of who is no member nothing is told. */
  tellSoon(name: string): void;
  /** Nothing is done in it any more: whoever had it leave waits for the phase `Left`. */
  tellLeft(name: string): void;
  /** A write has ended, or one that failed may be tried again. */
  onEnd(name: string): void;
  close(): void;
}

export interface MemberStatusOptions {
  /** The federation's own. */
  readonly api: Api;
  readonly clusters: Mirror;
  readonly membership: Pick<Membership, 'members' | 'isOut'>;
  /** Its keys: `Cluster a`. */
  readonly statuses: Runner;
}

export const CLUSTERS = `/apis/${CLUSTERS_API}/clusters`;
/** What a member is said to be is written once for all that happens within so many milliseconds. */
const TELL_MS = 250;

export function openMemberStatus({ api, clusters, membership, statuses }: MemberStatusOptions): MemberStatus {
  const { members, isOut } = membership;
  const toTell = new Set<string>();
  let telling: NodeJS.Timeout | null = null;
  let closed = false;

  function tellSoon(name: string): void {
    if (closed) return;
    toTell.add(name);
    telling ??= setTimeout(() => {
      telling = null;
      const names = [...toTell];
      toTell.clear();
      for (const one of names) {
        const member = members.get(one);
        if (member && !statuses.isRunning(keyOf(one))) tellOf(member);
      }
    }, TELL_MS);
  }

  /** Twice the same is written once. */
  function tellOf(member: Member): void {
    const cluster = clusters.get(member.name);
    if (!cluster) return;
    const wanted = clusterStatus(member, cluster.status);
    const isSaid =
      saysAlready(cluster.status, wanted) &&
      numberOf(cluster.status?.problemCount, 0) === wanted.problemCount;
    // What was refused may be the second of two writes.
    if (isSaid && !statuses.problems.has(keyOf(member.name))) return;
    statuses.run(keyOf(member.name), async () => {
      const body = { status: wanted };
      const written = await api
        .call('PATCH', statusPath(member.name), { body, contentType: MERGE })
        .catch((error: unknown) => unlessGone(error));
      if (written) clusters.put(written);
      await profileStatus(api, member, wanted).catch(unlessGone);
    });
  }

  function tellLeft(name: string): void {
    const cluster = clusters.get(name);
    if (cluster?.spec?.leaving !== true || cluster.status?.phase === 'Left') {
      statuses.forget(keyOf(name));
      return;
    }
    const body = { status: { phase: 'Left', problems: [], problemCount: 0 } };
    // Something else than what it was: a status that was refused before is not waited for.
    const what = 'Left';
    const write = async (): Promise<void> => {
      await api.call('PATCH', statusPath(name), { body, contentType: MERGE }).catch(unlessGone);
    };
    statuses.run(keyOf(name), write, what);
  }

  function onEnd(name: string): void {
    tellSoon(name);
    // Only what failed: a `Left` that was written would be written again until the watch shows it.
    if (isOut(name) && statuses.problems.has(keyOf(name))) tellLeft(name);
  }

  return {
    ...{ tellSoon, tellLeft, onEnd },
    close() {
      closed = true;
      if (telling) clearTimeout(telling);
    },
  };
}

function keyOf(cluster: string): string {
  return `Cluster ${cluster}`;
}

function statusPath(cluster: string): string {
  return `${CLUSTERS}/${cluster}/status`;
}
