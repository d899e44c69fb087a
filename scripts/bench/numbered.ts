import { ask, openLoop } from '../../src/drill/clients/load.ts';
import type { ApiClient } from '../../src/kubernetes/client.ts';

const HZ = 50;
const DEADLINE_MS = 5000;
/** A host that is buried measures nothing. */
const MOST_UNANSWERED = 200;

export interface Written {
  readonly name: string;
  /** When it was acknowledged, of `performance.now()`. */
  readonly ended: number;
  readonly took: number;
}

export interface Numbered {
  stop(): Promise<readonly Written[]>;
  /** The names of those that are there now. */
  kept(): Promise<ReadonlySet<string>>;
}

/** Fifty writes a second, each of an object of its own in a namespace of this name. */
export async function startNumbered(api: ApiClient, namespace: string): Promise<Numbered> {
  await ask(api, {
    method: 'POST',
    path: '/api/v1/namespaces',
    body: { metadata: { name: namespace } },
    timeoutMs: 30_000,
  });
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const written: Written[] = [];
  const loop = openLoop(
    HZ,
    async (count) => {
      const name = `w-${count}`;
      const began = performance.now();
      await ask(api, {
        method: 'POST',
        path,
        body: { metadata: { name }, data: { count: `${count}` } },
        timeoutMs: DEADLINE_MS,
      });
      const ended = performance.now();
      written.push({ name, ended, took: ended - began });
    },
    { mostUnanswered: MOST_UNANSWERED },
  );
  return {
    async stop() {
      await loop.stop();
      return written;
    },
    async kept() {
      const names = new Set<string>();
      for (let from: string | undefined = ''; from !== undefined; ) {
        const page: Page = await ask(api, {
          path: `${path}?limit=500&continue=${encodeURIComponent(from)}`,
          timeoutMs: 60_000,
        });
        for (const { metadata } of page.items) names.add(metadata.name);
        from = page.metadata.continue || undefined;
      }
      return names;
    },
  };
}

interface Page {
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
  readonly metadata: { readonly continue?: string };
}
