import { z } from 'zod';
import { call, readAnswer } from '../../kubernetes/call.ts';
import type { ApiClient } from '../../kubernetes/client.ts';
import { listAll } from '../../kubernetes/list.ts';

const nodeSchema = z.object({
  metadata: z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) }),
  spec: z.object({
    podCIDR: z.string().optional(),
    providerID: z.string().optional(),
    unschedulable: z.boolean().default(false),
  }),
  status: z.object({
    conditions: z
      .array(z.object({ type: z.string(), status: z.string(), message: z.string().default('') }))
      .default([]),
    addresses: z.array(z.object({ type: z.string(), address: z.string() })).default([]),
    nodeInfo: z.object({ kubeletVersion: z.string(), bootID: z.string().default('') }).optional(),
  }),
});

/** What the cluster says of a node. */
export interface NodeObject {
  readonly name: string;
  /** `unknown`: its kubelet has not been heard of for the grace period (50 s). */
  readonly ready: 'ready' | 'unready' | 'unknown';
  /** Why it is not ready, in the kubelet's or the controller's words; null while it is. */
  readonly problem: string | null;
  /** `v1.37.1`; null before the kubelet has said it. */
  readonly version: string | null;
  readonly podCidr: string | null;
  readonly providerId: string | null;
  readonly internalIp: string | null;
  readonly zone: string | null;
  /** No new pods. */
  readonly cordoned: boolean;
}

/** All nodes that the API has, in name order, also those that are not haup's. @throws ApiError */
export async function listNodes(api: ApiClient, signal?: AbortSignal): Promise<NodeObject[]> {
  const doing = 'list the nodes';
  const nodes = await listAll(api, nodeSchema, { doing, path: '/api/v1/nodes', signal });
  return nodes.map(nodeFrom).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Null where there is none of that name. @throws ApiError */
export async function readNode(
  api: ApiClient,
  name: string,
  signal?: AbortSignal,
): Promise<NodeObject | null> {
  const doing = `read the node ${name}`;
  const answer = await call(api, { doing, path: nodePath(name), accept: [404], signal });
  return answer.status === 404 ? null : nodeFrom(readAnswer(nodeSchema, answer, doing));
}

function nodeFrom({ metadata, spec, status }: z.infer<typeof nodeSchema>): NodeObject {
  const condition = status.conditions.find(({ type }) => type === 'Ready');
  const ready =
    condition?.status === 'True' ? 'ready' : condition?.status === 'False' ? 'unready' : 'unknown';
  return {
    name: metadata.name,
    ready,
    problem: ready === 'ready' ? null : condition?.message || 'the kubelet has not reported yet',
    version: status.nodeInfo?.kubeletVersion ?? null,
    podCidr: spec.podCIDR ?? null,
    providerId: spec.providerID ?? null,
    internalIp: status.addresses.find(({ type }) => type === 'InternalIP')?.address ?? null,
    zone: metadata.labels['topology.kubernetes.io/zone'] ?? null,
    cordoned: spec.unschedulable,
  };
}

/** New pods stay away (cordon) or may come again. One that is so already, or is not there, is no error. @throws ApiError */
export async function setCordoned(
  api: ApiClient,
  name: string,
  cordoned: boolean,
  signal?: AbortSignal,
): Promise<void> {
  await call(api, {
    doing: `${cordoned ? 'cordon' : 'uncordon'} ${name}`,
    method: 'PATCH',
    path: nodePath(name),
    contentType: 'application/merge-patch+json',
    body: { spec: { unschedulable: cordoned ? true : null } },
    accept: [404],
    signal,
  });
}

/** Without it pods of a machine that is gone stay Terminating. One that is gone is no error. @throws ApiError */
export async function deleteNode(api: ApiClient, name: string, signal?: AbortSignal): Promise<void> {
  await call(api, {
    doing: `delete the node ${name}`,
    method: 'DELETE',
    path: nodePath(name),
    accept: [404],
    signal,
  });
}

function nodePath(name: string): string {
  return `/api/v1/nodes/${encodeURIComponent(name)}`;
}
