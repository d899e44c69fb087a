import { keyIdIn } from '../../pki/token-key.ts';
import { APPLY, type Api, find } from '../controller/api.ts';
import { tokenIn } from '../controller/member-access.ts';
import { CLUSTERS_API, FIELD_MANAGER, NAMESPACE, PROFILES_API } from '../model/names.ts';
import type { ApiObject } from '../model/object.ts';
import { covers } from '../plan/covers.ts';
import { accountOf } from './account.ts';
import { isFresh, newToken, tokenMetadata } from './token.ts';

/** One thing that a join or a leave has to do. Each can be repeated. */
export interface MemberStep {
  /** "make the service account haup-federation/global in eu" */
  readonly text: string;
  run(): Promise<void>;
}

export interface JoinRequest {
  readonly federation: Api;
  readonly member: Api;
  /** The federation's name. */
  readonly name: string;
  /** What the member is called in the federation. */
  readonly cluster: string;
  /** Where the federation's masters reach the member's API. */
  readonly server: string;
  readonly caPem: string | undefined;
  /** Of the key by which the member signs tokens now; absent: haup does not know. */
  readonly keyId?: string;
  readonly region: string;
  readonly zone: string;
  readonly now: () => number;
}

/** What is missing for a cluster to be a member, in the order in which it is done; empty: it is one. */
export async function joinSteps(request: JoinRequest): Promise<MemberStep[]> {
  const { federation, member, name, cluster, now } = request;
  const steps: MemberStep[] = [];
  for (const { object, path, called } of accountOf(name)) {
    if (covers(await find(member, path), object)) continue;
    steps.push({ text: `make ${called} in ${cluster}`, run: () => apply(member, path, object) });
  }
  const path = secretPath(cluster);
  const secret = await find(federation, path);
  if (!secret || !isFresh(secret, now()) || !isBy(secret, request.keyId))
    steps.push({
      text: `keep a token of that account in the federation ${name}`,
      run: async () => {
        const made = await newToken(member, name);
        const metadata = {
          ...{ name: secretName(cluster), namespace: NAMESPACE },
          ...tokenMetadata(made, now()),
        };
        const data = { token: Buffer.from(made.token).toString('base64') };
        await apply(federation, path, {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata,
          type: 'Opaque',
          data,
        });
      },
    });
  for (const { path, object, called } of recordsOf(request)) {
    const there = await find(federation, path);
    if (covers(there, object)) continue;
    steps.push({ text: `record ${cluster} as ${called}`, run: () => apply(federation, path, object) });
  }
  return steps;
}

/** The member takes tokens by another key no more when its own has a successor. */
function isBy(secret: ApiObject, keyId: string | undefined): boolean {
  return keyId === undefined || keyIdIn(tokenIn(secret)) === keyId;
}

function secretName(cluster: string): string {
  return `member-${cluster}`;
}

export function secretPath(cluster: string): string {
  return `/api/v1/namespaces/${NAMESPACE}/secrets/${secretName(cluster)}`;
}

export function clusterPath(cluster: string): string {
  return `/apis/${CLUSTERS_API}/clusters/${cluster}`;
}

export function profilePath(cluster: string): string {
  return `/apis/${PROFILES_API}/namespaces/${NAMESPACE}/clusterprofiles/${cluster}`;
}

function recordsOf({ cluster, server, caPem, region, zone }: JoinRequest) {
  const caBundle = caPem === undefined ? {} : { caBundle: Buffer.from(caPem).toString('base64') };
  const spec = { server, ...caBundle, secretName: secretName(cluster), region, zone, leaving: false };
  const profile = { displayName: cluster, clusterManager: { name: FIELD_MANAGER } };
  return [
    {
      path: profilePath(cluster),
      called: 'a ClusterProfile',
      object: {
        ...{ apiVersion: PROFILES_API, kind: 'ClusterProfile', spec: profile },
        metadata: { name: cluster, namespace: NAMESPACE },
      },
    },
    {
      path: clusterPath(cluster),
      called: 'a Cluster',
      object: { apiVersion: CLUSTERS_API, kind: 'Cluster', metadata: { name: cluster }, spec },
    },
  ];
}

export async function apply(api: Api, path: string, object: ApiObject): Promise<void> {
  await api.call('PATCH', `${path}?fieldManager=haup&force=true`, { body: object, contentType: APPLY });
}
