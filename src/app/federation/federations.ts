import { readSettings, SETTINGS } from '../../federation/controller/settings.ts';
import { find } from '../../federation/members/join.ts';
import { NAMESPACE } from '../../federation/model/names.ts';
import type { Environment } from '../operations.ts';
import { federationNamed, reachingFederation } from './access.ts';
import { leaveMember, listMembers, type MemberOutcome, type MemberSummary } from './members.ts';

export interface Disbanding {
  readonly federation: string;
  readonly cascade: boolean;
  readonly dryRun: boolean;
}

/** What was done in the members, and in words what could not be done in some. */
export interface Disbanded {
  readonly left: readonly MemberOutcome[];
  readonly problems: readonly string[];
}

export interface FederationStatus {
  readonly federation: string;
  readonly dnsZone: string | null;
  readonly dnsProvider: string;
  readonly ttl: number;
  readonly members: readonly MemberSummary[];
  /** What is wrong with federated objects and with names, in words. */
  readonly problems: readonly string[];
}

/** Where the controller says what is wrong with no member in particular. */
const REPORT = `/api/v1/namespaces/${NAMESPACE}/configmaps/report`;

export async function federationStatus(
  env: Environment,
  named: string | undefined,
): Promise<FederationStatus> {
  const federation = await federationNamed(env, named);
  const { members } = await listMembers(env, federation);
  return reachingFederation(env, federation, async ({ api }) => {
    const settings = await find(api, `/api/v1/namespaces/${NAMESPACE}/configmaps/${SETTINGS}`);
    const report = await find(api, REPORT);
    const { domain, dnsProvider, ttl } = readSettings((settings?.data ?? {}) as Record<string, string>);
    const { problems = '' } = (report?.data ?? {}) as Record<string, string>;
    return {
      ...{ federation, dnsZone: domain || null, dnsProvider, ttl, members },
      problems: problems.split('\n').filter(Boolean),
    };
  });
}

/** Ends every membership, as far as the members can be reached. */
export async function disband(
  env: Environment,
  { federation, cascade, dryRun }: Disbanding,
): Promise<Disbanded> {
  const left: MemberOutcome[] = [];
  const problems: string[] = [];
  const { members } = await listMembers(env, federation);
  for (const { name: cluster } of members) {
    const request = { federation, cluster, cascade, dryRun, context: undefined, kubeconfig: undefined };
    try {
      left.push(await leaveMember(env, request));
    } catch (error) {
      env.signal.throwIfAborted();
      problems.push(`${cluster} keeps what the federation put there: ${(error as Error).message}`);
    }
  }
  return { left, problems };
}
