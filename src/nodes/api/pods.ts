import { z } from 'zod';
import type { ApiClient } from '../../kubernetes/client.ts';
import { listAll } from '../../kubernetes/list.ts';

const podSchema = z.object({
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
    deletionTimestamp: z.string().optional(),
    ownerReferences: z
      .array(z.object({ kind: z.string(), controller: z.boolean().default(false) }))
      .default([]),
  }),
  status: z.object({ phase: z.string().default('Unknown') }),
});

export interface Pod {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly phase: string;
  /** The kind of what makes it again elsewhere: "ReplicaSet"; null where nothing does. */
  readonly controller: string | null;
  /** Made from a file on the node: the API has only its image. */
  readonly mirror: boolean;
  readonly terminating: boolean;
}

/** @throws ApiError */
export async function podsOn(api: ApiClient, node: string, signal?: AbortSignal): Promise<Pod[]> {
  const selector = encodeURIComponent(`spec.nodeName=${node}`);
  const doing = `list the pods on ${node}`;
  const path = `/api/v1/pods?fieldSelector=${selector}`;
  const pods = await listAll(api, podSchema, { doing, path, signal });
  return pods.map(({ metadata, status }) => ({
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    phase: status.phase,
    controller: metadata.ownerReferences.find(({ controller }) => controller)?.kind ?? null,
    mirror: 'kubernetes.io/config.mirror' in metadata.annotations,
    terminating: metadata.deletionTimestamp !== undefined,
  }));
}

/** What has to leave before a node may go: not what belongs to every node, nor what has ended. */
export function toBeMoved(pods: readonly Pod[]): Pod[] {
  return pods.filter(
    ({ mirror, controller, phase }) =>
      !mirror && controller !== 'DaemonSet' && phase !== 'Succeeded' && phase !== 'Failed',
  );
}
