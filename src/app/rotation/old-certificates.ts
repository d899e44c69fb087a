import type { ClusterSpec } from '../../cluster/model/spec.ts';
import type { RealWorld } from '../../cluster/world/world.ts';
import { clientProfiles } from '../../pki/profiles.ts';
import type { SeenCertificate } from '../../replicas/audit/seen-certificates.ts';
import type { Secrets } from '../../state/store.ts';
import { rfc3339 } from '../../util/text/rfc3339.ts';
import { hasEnded, type IssuedKubeconfig, notedKubeconfigs } from '../kubeconfig.ts';
import { type OthersNode, othersNodes } from './others-nodes.ts';
import { type Audited, auditedCertificates } from './seen-certificates.ts';

/** Whoever wants to know who shows certificates, or believes in authorities, that are to be given up. */
export interface Asking {
  readonly spec: ClusterSpec;
  readonly world: Pick<RealWorld, 'api' | 'session'>;
  readonly secrets: Pick<Secrets, 'all'>;
  readonly now: number;
  readonly signal: AbortSignal;
}

const NODE = 'system:node:';
/** Clocks of machines, and of the host that notes when a change is complete, are not the same. */
const MARGIN_MS = 60_000;
/** haup's own certificates end by then. */
const OWN_USE_MS = 15 * 60_000;
/**
 * What masters and nodes of haup's own show is by the new authority before all of them have it, which is when a phase is noted: it was shown
 * before as well. That they have it is read from the machines.
 */
const OWN: ReadonlySet<string> = new Set(
  Object.entries(clientProfiles).flatMap(([name, { commonName }]) => (name === 'admin' ? [] : [commonName])),
);
/** Whoever is in no list of haup's and has not come for so long is not expected any more. */
const DAY_MS = 86_400_000;

/** What was seen of certificates and of nodes, whichever authority it is about. */
export interface Sightings {
  /** Milliseconds since the epoch, as all moments here. */
  readonly now: number;
  readonly noted: readonly IssuedKubeconfig[];
  readonly audited: Audited;
  /** The logs have everybody who shows a certificate. */
  readonly haupsPolicy: boolean;
  /** Not haup's. */
  readonly others: readonly OthersNode[];
  /** Names of haup's own. */
  readonly nodes: readonly string[];
}

/** What there is to judge by. */
export interface Facts extends Sightings {
  /** Since when the new authority is at work; NaN: it is not. */
  readonly since: number;
}

/** The masters' audit logs are read for it, which takes a while where they are long. */
export async function sightings({ spec, world, secrets, now, signal }: Asking): Promise<Sightings> {
  const [noted, audited, others] = await Promise.all([
    notedKubeconfigs(secrets),
    auditedCertificates(spec, world, signal),
    world.api().then((api) => othersNodes(spec, api, signal)),
  ]);
  const haupsPolicy = spec.auditPolicy === undefined;
  return { now, noted, audited, haupsPolicy, others, nodes: spec.nodes.map(({ name }) => name) };
}

/**
 * Who is still to get a certificate by the new authority for clients: kubeconfigs that haup handed out before it was at work, whether
 * they are used or not; whoever else still shows a certificate of before, as the audit logs know it; nodes that haup did not make. Pure.
 */
export function usersOfOldCa(facts: Facts): string[] {
  const { since, now, noted, audited, others } = facts;
  const old = noted.filter((one) => !hasEnded(one, now) && !(Date.parse(one.issued) >= since));
  const strangers = stillShown(facts).filter(({ user }) => !user.startsWith(NODE));
  return [
    ...old.map((one) => sayKubeconfig(one, audited)),
    ...strangers.map(sayStranger),
    ...others.filter(({ joined }) => !(joined >= since)).map(sayNode),
    ...gaps(facts),
  ];
}

/**
 * Who is still to get a certificate by the new authority for kubelets: nodes that haup did not make, unless their kubelets have renewed theirs;
 * whoever else has one by it, which a CertificateSigningRequest gives to anybody. Pure.
 */
export function usersOfOldSigning(facts: Facts): string[] {
  const { since, audited, others, nodes } = facts;
  const known = new Set([...nodes, ...others.map(({ name }) => name)].map((name) => `${NODE}${name}`));
  const strangers = stillShown(facts).filter(({ user }) => !known.has(user));
  return [
    ...others.filter((node) => !(node.joined >= since || renewed(node, audited, since))).map(sayNode),
    ...strangers.map(sayStranger),
    ...gaps(facts),
  ];
}

/** Certificates in no list that were shown before the new authority was at work, and after that: they are not by the new one. */
function stillShown({ audited: { seen }, since, now, noted }: Facts): SeenCertificate[] {
  return seen
    .filter(({ sha256, user, first, last }) => {
      if (OWN.has(user) || noted.some((one) => one.sha256 === sha256)) return false;
      const own = user === clientProfiles.admin.commonName ? OWN_USE_MS : 0;
      const used = Date.parse(last);
      return Date.parse(first) < since && used > since + Math.max(own, MARGIN_MS) && used > now - DAY_MS;
    })
    .sort((a, b) => (a.user < b.user ? -1 : 1));
}

/** A kubelet asks for another certificate by itself. What it shows now was first shown after the new authority was at work. */
function renewed({ name }: OthersNode, { seen, since: begin }: Audited, since: number): boolean {
  if (!(Date.parse(begin ?? '') < since)) return false;
  const shown = seen.filter(({ user }) => user === `${NODE}${name}`);
  const newest = shown.sort((a, b) => Date.parse(b.last) - Date.parse(a.last))[0];
  return newest !== undefined && Date.parse(newest.first) > since;
}

function sayKubeconfig({ user, expires, sha256 }: IssuedKubeconfig, { seen, since }: Audited): string {
  const shown = seen.find((one) => one.sha256 === sha256);
  const use = shown
    ? `, used last ${second(shown.last)}`
    : sha256 === undefined || since === null
      ? ''
      : `, not used since ${second(since)}`;
  return `a kubeconfig of ${user}, which ends ${expires} otherwise${use}`;
}

function sayStranger({ user, last }: SeenCertificate): string {
  return `${user}, who showed a certificate of before last ${second(last)}: issue another`;
}

function sayNode({ name }: OthersNode): string {
  return `the node ${name}, which haup did not make and cannot tell: let it leave (kubectl delete node ${name}; kubeadm reset there), and join again`;
}

/** What the logs do not tell is not nobody. */
function gaps({ audited: { since: begin, unread }, since, haupsPolicy }: Facts): string[] {
  if (unread.length > 0) return [`perhaps others: nobody could read an audit log on ${unread.join(', ')}`];
  if (!(Date.parse(begin ?? '') < since)) {
    const from = begin === null ? 'nowhere' : second(begin);
    return [`perhaps others: the audit logs begin ${from}, which is too late to tell`];
  }
  return haupsPolicy
    ? []
    : ["perhaps others: the audit policy is not haup's own, and may leave out who shows what"];
}

function second(moment: string): string {
  return rfc3339(Date.parse(moment));
}
