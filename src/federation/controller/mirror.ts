import type { ApiObject } from '../model/object.ts';
import { nameOf } from '../model/object.ts';
import { type Api, ApiRefusal, type WatchEvent } from './api.ts';

/** A copy of one collection of an API server, kept up to date by one watch. */
export interface Mirror {
  /** By `namespace/name`. As it was last seen; that it is not there is known only while `isWhole()`. */
  get(name: string): ApiObject | null;
  all(): Iterable<ApiObject>;
  /** It has been read from end to end, and not been given up since. */
  isWhole(): boolean;
  /** It has been read from end to end at some time. */
  hasRead(): boolean;
  /** What an answer to a write said, so that it need not be waited for. */
  put(object: ApiObject): void;
  /** Why it could not be read the last time; null: it could. */
  failure(): Error | null;
  /** The server behind its connection was gone: what was seen is old, and all is read again. */
  reconnect(): void;
  close(): void;
}

export interface MirrorOptions {
  readonly api: Api;
  /** `/apis/apps/v1/deployments` */
  readonly path: string;
  readonly labelSelector?: string;
  /** Once for each object that came, changed or went; with null when everything was read (again). */
  readonly onChange: (name: string | null) => void;
  /** It could not be read, or can be again. */
  readonly onFailure?: () => void;
}

const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 4_000;
const PAGE = 500;
/** The server is told to end each watch after so long, so that none is for ever. */
const WATCH_SECONDS = 600;

export function openMirror({ api, path, labelSelector, onChange, onFailure }: MirrorOptions): Mirror {
  const objects = new Map<string, ApiObject>();
  const ended = new AbortController();
  let turn = new AbortController();
  let whole = false;
  let wasWhole = false;
  let failed: Error | null = null;
  /** All that happened up to it is known; null: nothing is. */
  let version: string | null = null;
  const selector = labelSelector === undefined ? '' : `&labelSelector=${encodeURIComponent(labelSelector)}`;

  const list = async (): Promise<string> => {
    const seen = new Map<string, ApiObject>();
    let next = '';
    let at = '';
    do {
      const page = await api.call('GET', `${path}?limit=${PAGE}${selector}${next}`, { signal: ended.signal });
      const { apiVersion, kind } = page;
      for (const item of (page.items ?? []) as ApiObject[])
        seen.set(nameOf(item), { ...item, apiVersion, kind: kind.replace(/List$/, '') });
      at = page.metadata.resourceVersion ?? '';
      const token = page.metadata.continue as string | undefined;
      next = token ? `&continue=${encodeURIComponent(token)}` : '';
    } while (next !== '');
    const gone = [...objects.keys()].filter((name) => !seen.has(name));
    objects.clear();
    for (const [name, object] of seen) objects.set(name, object);
    whole = true;
    wasWhole = true;
    for (const name of gone) onChange(name);
    onChange(null);
    return at;
  };

  const follow = async (): Promise<void> => {
    const { signal } = turn;
    const take = ({ type, object }: WatchEvent): void => {
      if (signal.aborted) return;
      if (type === 'ERROR')
        throw new ApiRefusal(Number(object.code ?? 0), String(object.reason ?? ''), 'the watch is too old');
      version = object.metadata.resourceVersion ?? version;
      if (type === 'BOOKMARK') return;
      const name = nameOf(object);
      // An answer to a write has told of something later already.
      const known = objects.get(name);
      if (known && isBefore(object.metadata.resourceVersion, known.metadata.resourceVersion)) return;
      if (type === 'DELETED') objects.delete(name);
      else objects.set(name, object);
      onChange(name);
    };
    const query = `?watch=1&allowWatchBookmarks=true&timeoutSeconds=${WATCH_SECONDS}&resourceVersion=${version}`;
    await api.watch(`${path}${query}${selector}`, take, AbortSignal.any([ended.signal, signal]));
  };

  const keep = async (): Promise<void> => {
    let wait = FIRST_RETRY_MS;
    while (!ended.signal.aborted) {
      turn = new AbortController();
      const { signal } = turn;
      try {
        version ??= await list();
        tell(null);
        await follow();
        wait = FIRST_RETRY_MS;
      } catch (error) {
        if (ended.signal.aborted) return;
        // What the server refuses is too old for it, or was never to be had: everything is read again.
        if (error instanceof ApiRefusal) version = null;
        if (!signal.aborted && !isTooOld(error))
          tell(error instanceof Error ? error : new Error(String(error)));
      }
      // A watch that ends at once is not asked for in a circle either.
      await pause(wait, ended.signal);
      if (failed) wait = Math.min(wait * 2, LONGEST_RETRY_MS);
    }
  };
  const tell = (failure: Error | null): void => {
    if (failure === null && failed === null) return;
    failed = failure;
    onFailure?.();
  };
  void keep();

  return {
    get: (name) => objects.get(name) ?? null,
    all: () => objects.values(),
    isWhole: () => whole,
    hasRead: () => wasWhole,
    put(object) {
      const { resourceVersion } = object.metadata;
      const name = nameOf(object);
      // What the watch has told is later, even if it was that there is no such object any more.
      if (version !== null && !isBefore(version, resourceVersion)) return;
      if (isBefore(resourceVersion, objects.get(name)?.metadata.resourceVersion)) return;
      objects.set(name, object);
    },
    failure: () => failed,
    reconnect() {
      version = null;
      whole = false;
      turn.abort();
    },
    close: () => ended.abort(),
  };
}

/** Kubernetes has declared them comparable within one kind (KEP-5504): decimal numbers that grow. */
function isBefore(one: string | undefined, other: string | undefined): boolean {
  return Number(one) < Number(other);
}

/** It happens to every watch that was cut off for long, and says nothing about what can be read. */
function isTooOld(error: unknown): boolean {
  return error instanceof ApiRefusal && error.status === 410;
}

/** Resolves early when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
  });
}
