import { systemClock } from '../../util/clock.ts';
import type { ApiObject } from '../model/object.ts';
import { nameOf } from '../model/object.ts';
import { type Api, ApiRefusal, type WatchEvent } from './api.ts';

/** A copy of one collection of an API server, kept up to date by one watch. */
export interface Mirror {
  /** By `namespace/name`. Empty as long as `isWhole()` is not. */
  get(name: string): ApiObject | null;
  all(): Iterable<ApiObject>;
  /** It has been read from end to end at least once. */
  isWhole(): boolean;
  /** What an answer to a write said, so that it need not be waited for. */
  put(object: ApiObject): void;
  /** Why it could not be read the last time; null: it could. */
  failure(): Error | null;
  /** Its connection is given up for another one: the server behind it was gone. */
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
  let failed: Error | null = null;
  const selector = labelSelector === undefined ? '' : `&labelSelector=${encodeURIComponent(labelSelector)}`;

  const list = async (): Promise<string> => {
    const seen = new Map<string, ApiObject>();
    let next = '';
    let version = '';
    do {
      const page = await api.call('GET', `${path}?limit=${PAGE}${selector}${next}`, { signal: ended.signal });
      const { apiVersion, kind } = page;
      for (const item of (page.items ?? []) as ApiObject[])
        seen.set(nameOf(item), { ...item, apiVersion, kind: kind.replace(/List$/, '') });
      version = page.metadata.resourceVersion ?? '';
      const token = page.metadata.continue as string | undefined;
      next = token ? `&continue=${encodeURIComponent(token)}` : '';
    } while (next !== '');
    objects.clear();
    for (const [name, object] of seen) objects.set(name, object);
    whole = true;
    onChange(null);
    return version;
  };

  let version: string | null = null;
  const follow = async (): Promise<void> => {
    const take = ({ type, object }: WatchEvent): void => {
      if (type === 'ERROR')
        throw new ApiRefusal(Number(object.code ?? 0), String(object.reason ?? ''), 'the watch is too old');
      version = object.metadata.resourceVersion ?? version;
      if (type === 'BOOKMARK') return;
      const name = nameOf(object);
      if (type === 'DELETED') objects.delete(name);
      else objects.set(name, object);
      onChange(name);
    };
    const query = `?watch=1&allowWatchBookmarks=true&timeoutSeconds=${WATCH_SECONDS}&resourceVersion=${version}`;
    await api.watch(`${path}${query}${selector}`, take, AbortSignal.any([ended.signal, turn.signal]));
  };

  const keep = async (): Promise<void> => {
    let wait = FIRST_RETRY_MS;
    while (!ended.signal.aborted) {
      turn = new AbortController();
      try {
        version ??= await list();
        failed = null;
        await follow();
        wait = FIRST_RETRY_MS;
      } catch (error) {
        if (ended.signal.aborted) return;
        // What the server refuses is too old for it, or was never to be had: everything is read again.
        if (error instanceof ApiRefusal) version = null;
        failed = error instanceof Error ? error : new Error(String(error));
        onFailure?.();
        await pause(wait, ended.signal);
        wait = Math.min(wait * 2, LONGEST_RETRY_MS);
      }
    }
  };
  void keep();

  return {
    get: (name) => objects.get(name) ?? null,
    all: () => objects.values(),
    isWhole: () => whole,
    put: (object) => {
      objects.set(nameOf(object), object);
    },
    failure: () => failed,
    reconnect: () => turn.abort(),
    close: () => ended.abort(),
  };
}

/** Resolves early when the signal aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return systemClock.sleep(ms, signal).catch(() => {});
}
