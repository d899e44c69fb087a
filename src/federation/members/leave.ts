import { Refusal } from '../../cluster/model/errors.ts';
import { eachAtOnce } from '../../util/together.ts';
import { type Api, find, MERGE, unlessGone } from '../controller/api.ts';
import { pause } from '../controller/mirror.ts';
import { collectionPath, type KindName, kindNames, kinds, objectPath } from '../model/kinds.ts';
import {
  FEDERATION_LABEL,
  FIELD_MANAGER,
  FORM_ANNOTATION,
  OBJECT_ANNOTATION,
  UID_ANNOTATION,
} from '../model/names.ts';
import type { ApiObject } from '../model/object.ts';
import { type Identity, isOurs } from '../plan/form.ts';
import { accountOf } from './account.ts';
import { clusterPath, type MemberStep, profilePath, secretPath } from './join.ts';

/** What is known of a membership in the federation. */
export interface FederationSide {
  readonly federation: Api;
  readonly name: string;
  readonly cluster: string;
  readonly signal: AbortSignal;
}

export interface LeaveRequest extends FederationSide {
  readonly member: Api;
  /** What the federation put there goes with it; else it stays, as the member's own. */
  readonly cascade: boolean;
}

/** How long a controller may take to let go of a member; one that does not run touches nothing anyway. */
const LET_GO_MS = 15_000;
const AT_ONCE = 16;

/** What there is to do until a cluster is no member any more, in order; empty: it is none. */
export async function leaveSteps(request: LeaveRequest): Promise<MemberStep[]> {
  const { federation, member, name, cluster, cascade, signal } = request;
  const steps = await letGoSteps(request);
  const { uid = '' } = (await federation.call('GET', '/api/v1/namespaces/kube-system')).metadata;
  const identity = { federation: name, uid };
  const marked = await markedObjects(member, identity);
  if (marked.length > 0)
    steps.push({
      text: cascade
        ? `delete ${marked.length} federated objects in ${cluster}`
        : `leave ${marked.length} federated objects to ${cluster}`,
      // Read again: the controller has let go only now.
      run: async () =>
        eachAtOnce(signal, await markedObjects(member, identity), AT_ONCE, (one) =>
          part(member, one, cascade),
        ),
    });
  for (const { path, called, object } of [...accountOf(name)].reverse()) {
    // Another federation may have its account there.
    if (object.kind === 'Namespace' || !(await find(member, path))) continue;
    steps.push({ text: `delete ${called} in ${cluster}`, run: () => remove(member, path) });
  }
  return [...steps, ...(await forgetSteps(request))];
}

/** As leaveSteps, in the federation alone: of a member that nobody reaches any more. @throws Refusal where the federation does */
export async function goneSteps(request: FederationSide): Promise<MemberStep[]> {
  const { federation, cluster } = request;
  const phase = (await find(federation, clusterPath(cluster)))?.status?.phase;
  if (phase === 'Ready')
    throw new Refusal(
      `${cluster} answers the federation, and nothing was changed`,
      'unjoin it as one that is there',
    );
  return [...(await letGoSteps(request)), ...(await forgetSteps(request))];
}

/** What the federation `name` has in a member, in words, that is forgotten and not cleaned up. */
export function leftBehind(name: string): string[] {
  const own = accountOf(name).filter(({ object }) => object.kind !== 'Namespace');
  return [`federated objects, with the marks of ${name}`, ...own.map(({ called }) => called)];
}

async function letGoSteps(request: FederationSide): Promise<MemberStep[]> {
  const { federation, name, cluster } = request;
  if (!(await find(federation, clusterPath(cluster)))) return [];
  return [{ text: `have the federation ${name} do nothing more in ${cluster}`, run: () => letGo(request) }];
}

async function forgetSteps({ federation, name, cluster }: FederationSide): Promise<MemberStep[]> {
  const steps: MemberStep[] = [];
  const own = [
    { path: secretPath(cluster), called: 'its token' },
    { path: profilePath(cluster), called: 'its ClusterProfile' },
    { path: clusterPath(cluster), called: 'its Cluster' },
  ];
  for (const { path, called } of own) {
    if (!(await find(federation, path))) continue;
    steps.push({ text: `delete ${called} in the federation ${name}`, run: () => remove(federation, path) });
  }
  return steps;
}

async function letGo({ federation, cluster, signal }: FederationSide): Promise<void> {
  const path = clusterPath(cluster);
  await federation.call('PATCH', path, { body: { spec: { leaving: true } }, contentType: MERGE });
  for (const until = Date.now() + LET_GO_MS; Date.now() < until && !signal.aborted; ) {
    const phase = (await find(federation, path))?.status?.phase;
    if (phase === 'Left' || phase === undefined) return;
    await pause(250, signal);
  }
}

interface Marked {
  readonly kind: KindName;
  readonly object: ApiObject;
}

/** This federation's, and no other's of its name. Namespaces last: what is in them is looked at before they go. */
async function markedObjects(member: Api, identity: Identity): Promise<Marked[]> {
  const selector = encodeURIComponent(`${FEDERATION_LABEL}=${identity.federation}`);
  const found: Marked[] = [];
  for (const kind of [...kindNames].reverse()) {
    const list = await find(member, `${collectionPath(kinds[kind])}?labelSelector=${selector}`);
    for (const object of (list?.items ?? []) as ApiObject[])
      if (isOurs(object, identity)) found.push({ kind, object });
  }
  return found;
}

async function part(member: Api, { kind, object }: Marked, cascade: boolean): Promise<void> {
  const path = objectPath(kinds[kind], object.metadata);
  if (cascade) {
    const body = { preconditions: { uid: object.metadata.uid }, propagationPolicy: 'Background' };
    await member.call('DELETE', path, { body }).catch(unlessGone);
    return;
  }
  const gone = { [UID_ANNOTATION]: null, [OBJECT_ANNOTATION]: null, [FORM_ANNOTATION]: null };
  const body = { metadata: { labels: { [FEDERATION_LABEL]: null }, annotations: gone } };
  await member
    .call('PATCH', `${path}?fieldManager=${FIELD_MANAGER}`, { body, contentType: MERGE })
    .catch(unlessGone);
}

async function remove(api: Api, path: string): Promise<void> {
  await api.call('DELETE', path).catch(unlessGone);
}
