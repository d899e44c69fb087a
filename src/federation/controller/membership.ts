import { messageOf } from '../../util/failure.ts';
import { NAMESPACE } from '../model/names.ts';
import type { ApiObject } from '../model/object.ts';
import type { ApiAccess } from './api.ts';
import type { Member, MemberOptions } from './member.ts';
import { memberAccess } from './member-access.ts';
import type { Mirror } from './mirror.ts';

/** Who is a member. Members come with their Cluster and the Secret that it names, and go with either, or when they are to leave. */
export interface Membership {
  /** By name; without those that are let go. */
  readonly members: ReadonlyMap<string, Member>;
  /** Takes in and lets go whom the Clusters and the Secrets now say. */
  sync(): void;
  /** It is no member, and nothing is under way in it any more. */
  isOut(name: string): boolean;
  /** In words, by key (`Cluster a`): who cannot even be asked. */
  readonly problems: ReadonlyMap<string, string>;
  /** All members, at once. */
  close(): void;
}

export interface MembershipOptions {
  readonly clusters: Mirror;
  /** Of the federation's own API. */
  readonly secrets: Mirror;
  /** @throws what cannot even be asked */
  readonly open: (place: MemberPlace, access: ApiAccess) => Member;
  /** Somebody came or went. */
  readonly onChange: () => void;
  /** For each Cluster that is out, whenever all have been looked at. */
  readonly onOut: (name: string) => void;
  /** A line for the log; never with a secret in it. */
  readonly log: (line: string) => void;
}

export type MemberPlace = Pick<MemberOptions, 'name' | 'region' | 'zone'>;

export function openMembership({ clusters, secrets, log, ...options }: MembershipOptions): Membership {
  const members = new Map<string, Member>();
  /** What was read of each that was taken in, also of one that cannot be asked. */
  const joined = new Map<string, string>();
  /** Members that are let go, until nothing is under way in them: of one name several, when one is changed and then leaves. */
  const parting = new Map<Member, string>();
  const problems = new Map<string, string>();
  let closed = false;

  const isOut = (name: string): boolean => !members.has(name) && ![...parting.values()].includes(name);

  function sync(): void {
    if (closed || !clusters.isWhole() || !secrets.isWhole()) return;
    const seen = new Set<string>();
    for (const cluster of clusters.all()) {
      const { name, deletionTimestamp } = cluster.metadata;
      const { secretName, leaving } = cluster.spec ?? {};
      const secret = secrets.get(`${NAMESPACE}/${secretName}`);
      if (deletionTimestamp !== undefined || leaving === true || !secret) continue;
      seen.add(name);
      takeIn(cluster);
    }
    for (const name of [...joined.keys()]) {
      if (seen.has(name)) continue;
      letGo(name);
      problems.delete(`Cluster ${name}`);
      log(`${name}: left`);
      options.onChange();
    }
    for (const { metadata } of clusters.all()) if (isOut(metadata.name)) options.onOut(metadata.name);
  }

  function takeIn(cluster: ApiObject): void {
    const { name } = cluster.metadata;
    // The token is read anew for each request; whatever else is another makes another member of it.
    const version = JSON.stringify([cluster.spec]);
    if (joined.get(name) === version) return;
    letGo(name);
    joined.set(name, version);
    try {
      members.set(name, memberOf(cluster));
      problems.delete(`Cluster ${name}`);
      log(`${name}: joined, ${cluster.spec?.server}`);
    } catch (error) {
      // One that cannot even be asked holds no other up.
      problems.set(`Cluster ${name}`, messageOf(error));
    }
    options.onChange();
  }

  function memberOf({ metadata: { name }, spec = {} }: ApiObject): Member {
    const { secretName, region = '', zone = '' } = spec as Readonly<Record<string, string>>;
    const access = memberAccess({ spec }, () => secrets.get(`${NAMESPACE}/${secretName}`));
    return options.open({ name, region, zone }, access);
  }

  function letGo(name: string): void {
    joined.delete(name);
    const member = members.get(name);
    if (!member) return;
    members.delete(name);
    parting.set(member, name);
    void member.leave().then(() => {
      parting.delete(member);
      sync();
    });
  }

  return {
    ...{ members, sync, isOut, problems },
    close() {
      closed = true;
      for (const member of members.values()) member.close();
      members.clear();
    },
  };
}
