import { z } from 'zod';
import type { ClusterSpec } from '../../cluster/model/spec.ts';
import type { ApiClient } from '../../kubernetes/client.ts';
import { listAll } from '../../kubernetes/list.ts';

/** A node that haup did not make (`kubeadm join`): it cannot log in there, and tells it nothing. */
export interface OthersNode {
  readonly name: string;
  /** When its Node object was made, in milliseconds since the epoch. */
  readonly joined: number;
}

const nodeSchema = z.object({
  metadata: z.object({ name: z.string(), creationTimestamp: z.iso.datetime() }),
});

/** Asked of the API itself, since an observation of a cluster without nodes of haup's own has none. @throws ApiError */
export async function othersNodes(
  { usedNames }: Pick<ClusterSpec, 'usedNames'>,
  api: ApiClient,
  signal: AbortSignal,
): Promise<OthersNode[]> {
  const items = await listAll(api, nodeSchema, { doing: 'list the nodes', path: '/api/v1/nodes', signal });
  return items
    .map(({ metadata: { name, creationTimestamp } }) => ({ name, joined: Date.parse(creationTimestamp) }))
    .filter(({ name }) => !usedNames.includes(name));
}
