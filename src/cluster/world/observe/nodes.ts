import type { ApiClient } from '../../../kubernetes/client.ts';
import { listNodes } from '../../../nodes/api/nodes.ts';
import { podsOn, toBeMoved } from '../../../nodes/api/pods.ts';
import { isNodeName, type ObservedNode } from '../../model/nodes.ts';
import { type ClusterSpec, wantedNode } from '../../model/spec.ts';

/**
 * Whether the API may have a node of haup's, so that its word is worth a request. The last machine and the last wish may be gone, and the Node
 * object left; only who never had a node has none.
 */
export function mayHaveNodes(spec: ClusterSpec, machines: number): boolean {
  return machines > 0 || spec.nodes.length > 0 || spec.usedNames.some((name) => isNodeName(spec, name));
}

/**
 * What the API says of the nodes. Of those that are to leave also how many of their pods have to move first, which is nobody's affair
 * as long as a node stays; and of those that may be waited for by them, whether any has come.
 * @returns null when the API does not answer: then nothing is known, which is something else than no nodes.
 */
export async function observeNodeObjects(
  api: () => Promise<ApiClient>,
  spec: ClusterSpec,
  signal: AbortSignal,
): Promise<readonly ObservedNode[] | null> {
  try {
    const client = await api();
    const objects = await listNodes(client, signal);
    const leaves = (name: string): boolean => !wantedNode(spec, name) && isNodeName(spec, name);
    const somebodyLeaves = objects.some(({ name }) => leaves(name));
    return await Promise.all(
      objects.map(async (object): Promise<ObservedNode> => {
        const isWaitedFor = somebodyLeaves && object.ready !== 'ready' && wantedNode(spec, object.name);
        const podsToMove =
          leaves(object.name) || isWaitedFor
            ? toBeMoved(await podsOn(client, object.name, signal)).length
            : null;
        return { ...object, podsToMove };
      }),
    );
  } catch {
    signal.throwIfAborted();
    return null;
  }
}
