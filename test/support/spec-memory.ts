import type { ClusterSpec } from '../../src/cluster/model/spec.ts';

/** What a step changes of the wish, kept in memory alone. */
export function specMemory(first: ClusterSpec) {
  let spec = first;
  return {
    get spec(): ClusterSpec {
      return spec;
    },
    async updateSpec(change: (spec: ClusterSpec) => ClusterSpec): Promise<void> {
      spec = change(spec);
    },
  };
}
