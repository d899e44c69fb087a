import { request } from 'node:https';
import type { ApiClient } from '../../kubernetes/client.ts';
import { ask, describeError } from './load.ts';

interface Metadata {
  readonly name: string;
  readonly resourceVersion: string;
}

interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: { readonly metadata?: Metadata; readonly code?: number; readonly message?: string };
}

export interface Watcher {
  /** When each name was heard of first, in that order. */
  readonly seen: ReadonlyMap<string, number>;
  /** Why each watch ended, but for the last. */
  readonly ends: readonly string[];
  /** How often the server had forgotten the version to go on from, so that all had to be listed again. */
  relists(): number;
  close(): void;
}

export interface WatchOptions {
  /** Nothing heard for so long: the connection is given up for dead. Absent: it is waited for, as long as it takes. */
  readonly quietMs?: number | undefined;
}

/**
 * Watches as a controller does: lists once, then follows the events, and goes on from the last version it has seen
 * whenever the watch ends.
 */
export async function watch(
  api: ApiClient,
  path: string,
  selector: string,
  { quietMs }: WatchOptions = {},
): Promise<Watcher> {
  const seen = new Map<string, number>();
  const hear = (name: string): void => {
    if (!seen.has(name)) seen.set(name, performance.now());
  };
  const ends: string[] = [];
  const base = `${path}?labelSelector=${encodeURIComponent(selector)}`;
  let version = '';
  let relists = 0;
  let closed = false;
  let end = (): void => {};

  const list = async (): Promise<void> => {
    const { items, metadata } = await ask<{ items: { metadata: Metadata }[]; metadata: Metadata }>(api, {
      path: base,
      timeoutMs: 5000,
    });
    for (const item of items) hear(item.metadata.name);
    version = metadata.resourceVersion;
  };

  const take = (event: WatchEvent): void => {
    if (event.type === 'ERROR') {
      if (event.object.code !== 410) throw new Error(`${event.object.code}: ${event.object.message}`);
      version = '';
      return;
    }
    version = event.object.metadata?.resourceVersion ?? version;
    if (event.type === 'ADDED') hear(event.object.metadata!.name);
  };

  /** Resolves with why the watch ended. */
  const follow = (): Promise<string> =>
    new Promise((resolve) => {
      const { ip: host, port, caPem: ca, certPem: cert, keyPem: key } = api;
      const address = `${base}&watch=1&allowWatchBookmarks=true&resourceVersion=${version}`;
      const outgoing = request({ host, port, path: address, agent: false, ca, cert, key }, (incoming) => {
        let rest = '';
        if (incoming.statusCode === 410) version = '';
        incoming.setEncoding('utf8').on('data', (text: string) => {
          const lines = (rest + text).split('\n');
          rest = lines.pop() ?? '';
          if (incoming.statusCode !== 200) return;
          try {
            for (const line of lines) take(JSON.parse(line) as WatchEvent);
          } catch (error) {
            outgoing.destroy(error as Error);
          }
        });
        incoming.on('error', () => {});
        incoming.on('close', () =>
          resolve(`${incoming.complete ? 'ended' : 'was cut'} (${incoming.statusCode})`),
        );
      });
      if (quietMs)
        outgoing.setTimeout(quietMs, () => outgoing.destroy(new Error(`silent for ${quietMs} ms`)));
      outgoing.on('error', (error) => resolve(describeError(error)));
      outgoing.end();
      end = () => outgoing.destroy();
    });

  await list();
  const loop = async (): Promise<void> => {
    while (!closed) {
      if (version === '') {
        relists += 1;
        await list().catch((error: unknown) => ends.push(`list: ${describeError(error)}`));
      } else {
        const why = await follow();
        if (!closed) ends.push(why);
      }
      if (!closed) await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  void loop();
  return {
    seen,
    ends,
    relists: () => relists,
    close() {
      closed = true;
      end();
    },
  };
}
