import { suffixedName } from '../replicas/names.ts';

/** The name of one more node: `<cluster>-node-<3 random lower-case letters or digits>`. A name is never given again. */
export function newNodeName(cluster: string, used: readonly string[]): string {
  return suffixedName(`${cluster}-node`, used);
}
