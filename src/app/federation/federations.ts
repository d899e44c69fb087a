import { find } from '../../federation/controller/api.ts';
import { readSettings } from '../../federation/controller/settings.ts';
import { REPORT_PATH, SETTINGS_PATH } from '../../federation/model/names.ts';
import type { Environment } from '../operations.ts';
import { federationNamed, reachingFederation } from './access.ts';
import { leaveMember, type MemberOutcome, type MemberSummary, membersOf } from './members.ts';

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

export async function federationStatus(
  env: Environment,
  named: string | undefined,
): Promise<FederationStatus> {
  const federation = await federationNamed(env, named);
  return reachingFederation(env, federation, async ({ api }) => {
    const [members, settings, report] = await Promise.all([
      membersOf(api),
      find(api, SETTINGS_PATH),
      find(api, REPORT_PATH),
    ]);
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
  const members = await reachingFederation(env, federation, ({ api }) => membersOf(api));
  for (const { name: cluster } of members) {
    const reached = { context: undefined, kubeconfig: undefined, gone: false };
    const request = { federation, cluster, cascade, dryRun, ...reached };
    try {
      left.push(await leaveMember(env, request));
    } catch (error) {
      env.signal.throwIfAborted();
      problems.push(`${cluster} keeps what the federation put there: ${(error as Error).message}`);
    }
  }
  return { left, problems };
}
