import { InputError, NotFoundError, StepError } from '../../cluster/model/errors.ts';
import type { Api } from '../../federation/controller/api.ts';
import { joinSteps, type MemberStep } from '../../federation/members/join.ts';
import { goneSteps, leaveSteps, leftBehind } from '../../federation/members/leave.ts';
import { CLUSTERS_API } from '../../federation/model/names.ts';
import { type ApiObject, fieldsOf, listOf, numberOf } from '../../federation/model/object.ts';
import { Failure } from '../../util/failure.ts';
import type { Environment } from '../operations.ts';
import {
  federationNamed,
  inWords,
  type Reached,
  type ReachedCluster,
  reaching,
  reachingFederation,
} from './access.ts';
import { reachContext } from './context.ts';
import { removeMemberDns } from './member-dns.ts';
import { connectSteps, disconnectSteps } from './network.ts';

export interface MemberRequest {
  /** Absent: the only one there is. */
  readonly federation: string | undefined;
  /** What the member is called; without a context one of haup's clusters. */
  readonly cluster: string;
  /** Of a kubeconfig, for a cluster that is not haup's. */
  readonly context: string | undefined;
  readonly kubeconfig: string | undefined;
  readonly dryRun: boolean;
}

export interface JoinMember extends MemberRequest {
  readonly region: string | undefined;
  readonly zone: string | undefined;
}

export interface LeaveMember extends MemberRequest {
  readonly cascade: boolean;
  /** Nobody will ever reach it: it is forgotten. Not with `cascade`. */
  readonly gone: boolean;
}

/** What was done, or would be, in order. */
export interface MemberOutcome {
  readonly federation: string;
  readonly cluster: string;
  readonly steps: readonly string[];
  /** In words, what the federation has put into the member and left there without another look. Absent: nothing. */
  readonly stays?: readonly string[];
}

/** A member as it is listed. */
export interface MemberSummary {
  readonly name: string;
  /** `Ready`, `Offline`, `Pending`, `Left` */
  readonly status: string;
  readonly version: string | null;
  readonly region: string;
  readonly zone: string;
  /** ISO 8601 */
  readonly joined: string;
  readonly problems: readonly string[];
  /** There may be more than are listed. */
  readonly problemCount: number;
}

/** Makes a cluster a member; one that is gets what it lacks. @throws InputError, NotFoundError, StepError */
export async function joinMember(env: Environment, request: JoinMember): Promise<MemberOutcome> {
  const name = await federationNamed(env, request.federation);
  if (request.cluster === name) throw new InputError('a federation is no member of itself');
  return reachingFederation(env, name, (federation) => {
    return reachingMember(env, request, async (member, own) => {
      const connect = await connectSteps(federation.network, request.cluster, own?.network ?? null);
      const { region, zone } = await placeOf(member.api, request, own?.spec ?? null);
      const steps = await joinSteps({
        ...{ federation: federation.api, member: member.api, name, cluster: request.cluster },
        ...{ server: member.server, caPem: member.caPem, region, zone, now: env.now },
        ...(own ? { keyId: own.keyId } : {}),
      });
      return carryOut(env, name, request, [...connect, ...steps]);
    });
  });
}

const forget = { to: 'have the federation forget a member that is gone for good', setting: 'gone' } as const;

/** Ends a cluster's membership. @throws InputError, NotFoundError, Refusal, StepError */
export async function leaveMember(env: Environment, request: LeaveMember): Promise<MemberOutcome> {
  const name = await federationNamed(env, request.federation);
  return reachingFederation(env, name, async (federation) => {
    const { cluster, context, cascade } = request;
    if (request.gone) return forgetMember(env, name, federation.api, request);
    const isOurs = (await env.names()).includes(cluster);
    if (context === undefined && !isOurs) {
      await checkMember(federation.api, name, cluster);
      const words = `${cluster} is none of haup's clusters: name the context by which it is reached`;
      throw new InputError(words, { advice: forget });
    }
    const left = reachingMember(env, request, async (member, own) => {
      const steps = await leaveSteps({
        ...{ federation: federation.api, member: member.api, name, cluster, cascade, signal: env.signal },
      });
      const disconnect = await disconnectSteps(federation.network, own?.network ?? null);
      const names = own ? await removeMemberDns(member.api, name, cluster) : [];
      return carryOut(env, name, request, [...names, ...steps, ...disconnect]);
    });
    return left.catch((error) => {
      if (!(error instanceof Failure) || error.failure !== 'trouble') throw error;
      throw new StepError(`end the membership of ${cluster}`, error, [...error.remedies, forget]);
    });
  });
}

/** Of a member that does not answer, on the federation's side alone. @throws InputError, NotFoundError, Refusal, StepError */
async function forgetMember(
  env: Environment,
  name: string,
  api: Api,
  request: LeaveMember,
): Promise<MemberOutcome> {
  const { cluster, cascade } = request;
  if (cascade) throw new InputError(`nothing can be deleted in ${cluster} if it is gone`);
  await checkMember(api, name, cluster);
  const steps = await goneSteps({ federation: api, name, cluster, signal: env.signal });
  return { ...(await carryOut(env, name, request, steps)), stays: leftBehind(name) };
}

/** @throws NotFoundError: it is none of the federation's */
async function checkMember(api: Api, federation: string, cluster: string): Promise<void> {
  const members = (await membersOf(api)).map(({ name }) => name);
  if (!members.includes(cluster)) throw new NotFoundError(`member of ${federation}`, cluster, members);
}

/** As the federation's own API has them. */
export async function membersOf(api: Api): Promise<MemberSummary[]> {
  const list = await api.call('GET', `/apis/${CLUSTERS_API}/clusters`);
  return (list.items as ApiObject[]).map(({ metadata, spec = {}, status = {} }) => ({
    name: metadata.name,
    status: String(status.phase ?? 'Pending'),
    version: status.version === undefined ? null : String(status.version),
    region: String(spec.region),
    zone: String(spec.zone),
    joined: String(metadata.creationTimestamp),
    problems: problemsOf(status),
    problemCount: numberOf(status.problemCount, 0),
  }));
}

function problemsOf(status: Readonly<Record<string, unknown>>): string[] {
  const [ready] = listOf(status.conditions).map(fieldsOf);
  const silent = ready?.message ? [`it does not answer: ${ready.message}`] : [];
  return [...silent, ...listOf(status.problems).map(String)];
}

async function carryOut(
  env: Environment,
  federation: string,
  { cluster, dryRun }: MemberRequest,
  steps: readonly MemberStep[],
): Promise<MemberOutcome> {
  for (const { text, run } of dryRun ? [] : steps) {
    env.signal.throwIfAborted();
    env.emit({ type: 'progress', topic: 'federation', message: text });
    await inWords(text, federation, run);
  }
  return { federation, cluster, steps: steps.map(({ text }) => text) };
}

interface Place {
  readonly region: string;
  readonly zone: string;
}

/** The member's API; `own`: the same, where it is one of haup's clusters. */
function reachingMember<T>(
  env: Environment,
  { cluster, context, kubeconfig }: MemberRequest,
  work: (member: Reached, own: ReachedCluster | null) => Promise<T>,
): Promise<T> {
  if (context === undefined)
    return reaching(env, cluster, (member) => {
      if (member.spec.federation) throw new InputError(`${cluster} is a federation, and can be no member`);
      return work(member, member);
    });
  return reachContext({ context, kubeconfig, environment: env.environment }, (member) => work(member, null));
}

/** Where a member is: what was said, else what most of its nodes say, else where its masters are. @throws InputError */
async function placeOf(member: Api, asked: JoinMember, masters: Place | null): Promise<Place> {
  const { items } = await member.call('GET', '/api/v1/nodes?limit=500');
  const label = (name: string): string | undefined =>
    mostOften(
      (items as ApiObject[]).flatMap(
        ({ metadata }) => metadata.labels?.[`topology.kubernetes.io/${name}`] ?? [],
      ),
    );
  const region = asked.region ?? label('region') ?? masters?.region;
  const zone = asked.zone ?? label('zone') ?? masters?.zone;
  if (region === undefined || zone === undefined)
    throw new InputError(`no node of ${asked.cluster} says where it is: name its region and its zone`);
  return { region, zone };
}

function mostOften(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))[0]?.[0];
}
