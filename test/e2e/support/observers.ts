import { ask, type Load, openLoop } from '../../../src/drill/clients/load.ts';
import type { ApiClient } from '../../../src/kubernetes/client.ts';

const TIMEOUT_MS = 5000;

/** Every different answer to where the `kubernetes` service leads, as sampled: its Endpoints and its EndpointSlices. */
export function watchEndpoints(api: ApiClient): Load<string[]> {
  const met = new Set<string>();
  const sampling = openLoop(2, async () => {
    const folder = '/api/v1/namespaces/default/endpoints/kubernetes';
    const slices =
      '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dkubernetes';
    const [endpoints, { items }] = await Promise.all([
      ask<{ subsets?: { addresses?: { ip: string }[] }[] }>(api, { path: folder, timeoutMs: TIMEOUT_MS }),
      ask<{ items: { endpoints: { addresses: string[] }[] }[] }>(api, {
        path: slices,
        timeoutMs: TIMEOUT_MS,
      }),
    ]);
    const ips = (endpoints.subsets ?? []).flatMap((subset) => (subset.addresses ?? []).map(({ ip }) => ip));
    const sliced = items.flatMap((slice) => slice.endpoints.flatMap((endpoint) => endpoint.addresses));
    met.add(`endpoints ${ips.join(',')} slices ${sliced.join(',')}`);
  });
  return {
    async stop() {
      await sampling.stop();
      return [...met];
    },
  };
}

export interface LeaseReport {
  /** Who held the lease, in turn. */
  readonly holders: readonly string[];
  /** Longest time for which nobody held it, as sampled, milliseconds. */
  readonly longestUnheld: number;
}

/** Samples who holds a leader election lease. */
export function watchLease(api: ApiClient, name: string): Load<LeaseReport> {
  const holders: string[] = [];
  let heldAt = performance.now();
  let longestUnheld = 0;
  const sampling = openLoop(4, async () => {
    const asked = performance.now();
    const { spec } = await ask<{ spec: { holderIdentity?: string; renewTime?: string } }>(api, {
      path: `/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/${name}`,
      timeoutMs: TIMEOUT_MS,
    });
    const holder = (spec.holderIdentity ?? '').split('_')[0]!;
    if (holder === '') return;
    longestUnheld = Math.max(longestUnheld, asked - heldAt);
    heldAt = performance.now();
    if (holders.at(-1) !== holder) holders.push(holder);
  });
  return {
    async stop() {
      await sampling.stop();
      return {
        holders,
        longestUnheld: Math.round(Math.max(longestUnheld, performance.now() - heldAt)),
      };
    },
  };
}
