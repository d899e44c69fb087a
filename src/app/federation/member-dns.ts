import { InputError } from '../../cluster/model/errors.ts';
import { APPLY, type Api, find } from '../../federation/controller/api.ts';
import { clusterPath, type MemberStep } from '../../federation/members/join.ts';
import { fieldsOf } from '../../federation/model/object.ts';
import type { Environment } from '../operations.ts';
import { inWords, reaching, reachingFederation } from './access.ts';

/** What the CoreDNS of haup's clusters reads beside its own configuration (addons/corefile.ts). */
const METADATA = { name: 'coredns-custom', namespace: 'kube-system' };
const PATH = `/api/v1/namespaces/${METADATA.namespace}/configmaps/${METADATA.name}`;

export interface MemberDns {
  readonly federation: string;
  /** A member that is one of haup's clusters. */
  readonly cluster: string;
  /** Server blocks of a Corefile. */
  readonly part: string;
}

/** Puts a federation's part into a member's CoreDNS, which takes it within two minutes. False: it was there. @throws InputError, StepError */
export async function putMemberDns(
  env: Environment,
  { federation, cluster, part }: MemberDns,
): Promise<boolean> {
  const record = await reachingFederation(env, federation, ({ api }) => find(api, clusterPath(cluster)));
  if (!(await env.names()).includes(cluster)) throw foreign(cluster);
  return reaching(env, cluster, async ({ api, server }) => {
    if (fieldsOf(record?.spec).server !== server) throw foreign(cluster);
    if ((await partIn(api, federation)) === part) return false;
    const doing = `put the names of ${federation} into the DNS of ${cluster}`;
    await inWords(doing, cluster, () => apply(api, federation, { [keyOf(federation)]: part }));
    return true;
  });
}

function foreign(cluster: string): InputError {
  return new InputError(`the member ${cluster} is none of haup's clusters`, {
    advice: 'put what this prints without --apply behind the blocks of its Corefile',
  });
}

/** What takes the federation's part out again; nothing where there is none. */
export async function removeMemberDns(
  member: Api,
  federation: string,
  cluster: string,
): Promise<MemberStep[]> {
  if ((await partIn(member, federation)) === null) return [];
  const text = `take the names of ${federation} out of the DNS of ${cluster}`;
  return [{ text, run: () => apply(member, federation, {}) }];
}

async function partIn(api: Api, federation: string): Promise<string | null> {
  const part = fieldsOf((await find(api, PATH))?.data)[keyOf(federation)];
  return typeof part === 'string' ? part : null;
}

/** A manager for each federation: it gives up what it does not say any more, and whatever else is in there stays. */
async function apply(api: Api, federation: string, data: Readonly<Record<string, string>>): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: METADATA, data };
  const query = `fieldManager=haup-federation-${federation}&force=true`;
  await api.call('PATCH', `${PATH}?${query}`, { body, contentType: APPLY });
}

function keyOf(federation: string): string {
  return `federation-${federation}.server`;
}
