import { ProviderError } from '../../../src/providers/errors.ts';
import type { Provider } from '../../../src/providers/provider.ts';
import { seeded } from '../../support/seeded.ts';
import { CrashError } from './faults.ts';
import { convergeNodes, type WantedNode } from './nodes.ts';

/** Two nodes, one replaced under the same range, one left: the spec's revisions, and what each wants. */
export function nodeLife(
  one: WantedNode,
  two: WantedNode,
): readonly (readonly [string, readonly WantedNode[]])[] {
  return [
    ['1', [one, two]],
    ['2', [{ ...one, name: 'demo-node-ccc' }, two]],
    ['3', [two]],
  ];
}

/** Converges, each time after a crash or an error by a new process; returns the provider of the one that finished. */
export async function convergeInTheEnd(
  first: Provider,
  open: () => Provider,
  nodes: readonly WantedNode[],
  revision: string,
): Promise<Provider> {
  let current = first;
  for (let attempt = 0; ; attempt++) {
    try {
      await convergeNodes(current, nodes, revision);
      return current;
    } catch (error) {
      if (attempt > 3 || !(error instanceof CrashError || error instanceof ProviderError)) throw error;
      await current.close();
      current = open();
    }
  }
}

/** Every trouble at every call, or with `count` so many of these pairs, the same each time. */
export function troubledCalls<T>(
  calls: number,
  troubles: readonly T[],
  count: number | undefined,
): readonly (readonly [number, T])[] {
  const all = Array.from({ length: calls }, (_, index) =>
    troubles.map((each) => [index, each] as const),
  ).flat();
  if (count === undefined) return all;
  const random = seeded(10);
  return Array.from({ length: count }, () => all[Math.floor(random() * all.length)]!);
}
