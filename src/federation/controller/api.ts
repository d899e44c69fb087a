import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { systemClock } from '../../util/clock.ts';
import { Failure } from '../../util/failure.ts';
import { readText } from '../../util/text/bounded.ts';
import type { ApiObject } from '../model/object.ts';

/** An API server, and who asks it. */
export interface ApiAccess {
  /** `https://198.18.0.10:443` */
  readonly server: string;
  readonly caPem: string | undefined;
  /** A secret, read anew for each request: it may have been renewed. */
  readonly token?: () => string;
  /** Secrets. Read once: for a renewed one a new client is opened. */
  readonly certPem?: string;
  readonly keyPem?: string;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** What the API server did not do, in its words. */
export class ApiRefusal extends Failure {
  override readonly name = 'ApiRefusal';
  readonly failure = 'trouble';
  readonly status: number;
  /** `NotFound`, `Conflict`, `Invalid` … */
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.status = status;
    this.reason = reason;
  }
}

/** A client that keeps its connections. */
export interface Api {
  /** @throws ApiRefusal, or what is wrong with the connection */
  call(method: string, path: string, options?: CallOptions): Promise<ApiObject>;
  /** The text of what need not be JSON: `/readyz`. @throws as call */
  text(path: string, options?: CallOptions): Promise<string>;
  /** Calls for each event of a watch; resolves when the server ends it. @throws as call */
  watch(path: string, onEvent: (event: WatchEvent) => void, signal: AbortSignal): Promise<void>;
  close(): void;
}

export interface WatchEvent {
  readonly type: string;
  readonly object: ApiObject;
}

export const APPLY = 'application/apply-patch+yaml';
export const MERGE = 'application/merge-patch+json';

const TIMEOUT_MS = 15_000;
const TOO_MANY = 429;
/** Bookmarks come about once a minute: a watch that has been silent for longer is dead, and its connection with it. */
const SILENT_WATCH_MS = 150_000;
const MAX_BYTES = 256 * 1024 * 1024;

export function openApi(access: ApiAccess): Api {
  const { server, caPem: ca, certPem: cert, keyPem: key } = access;
  const { hostname: host, port } = new URL(server);
  const agent = new Agent({ keepAlive: true, keepAliveMsecs: 5_000, maxSockets: 64, scheduling: 'fifo' });
  const base = new URL(server).pathname.replace(/\/$/, '');
  const open = (method: string, path: string, options: CallOptions): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const body = options.body === undefined ? undefined : JSON.stringify(options.body);
      const outgoing = request(
        {
          ...{ host, port: port || 443, path: base + path, method, agent, ca, cert, key },
          signal: options.signal,
          headers: {
            accept: 'application/json',
            ...(access.token ? { authorization: `Bearer ${access.token()}` } : {}),
            ...(body === undefined
              ? {}
              : {
                  'content-type': options.contentType ?? 'application/json',
                  'content-length': Buffer.byteLength(body),
                }),
          },
        },
        resolve,
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  const ask = async (method: string, path: string, options: CallOptions): Promise<string> => {
    const limit = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
    const signal = options.signal ? AbortSignal.any([limit, options.signal]) : limit;
    try {
      for (;;) {
        const incoming = await open(method, path, { ...options, signal });
        const { statusCode = 0, headers } = incoming;
        const text = await textOf(incoming);
        if (statusCode < 300) return text;
        if (statusCode !== TOO_MANY) throw refusal(statusCode, text);
        // Nothing was done, as when it has just started and reads its own objects: it says when to come again.
        const again = systemClock.sleep(1000 * Number(headers['retry-after'] ?? 1), signal);
        await again.catch(() => {
          throw refusal(statusCode, text);
        });
      }
    } catch (error) {
      if (error instanceof ApiRefusal) throw error;
      if (limit.aborted && !options.signal?.aborted)
        throw new Error(`${host} has not answered for ${(options.timeoutMs ?? TIMEOUT_MS) / 1000} s`);
      throw error;
    }
  };
  return {
    call: async (method, path, options = {}) => JSON.parse(await ask(method, path, options)) as ApiObject,
    text: (path, options = {}) => ask('GET', path, options),
    async watch(path, onEvent, signal) {
      const opened = AbortSignal.timeout(TIMEOUT_MS);
      const ended = new AbortController();
      const stop = (): void => ended.abort();
      opened.addEventListener('abort', stop);
      const incoming = await open('GET', path, { signal: AbortSignal.any([signal, ended.signal]) });
      opened.removeEventListener('abort', stop);
      if (incoming.statusCode !== 200) throw refusal(incoming.statusCode ?? 0, await textOf(incoming));
      const { socket } = incoming;
      const onSilence = (): void => void incoming.destroy(new Error('the watch is silent'));
      socket.setTimeout(SILENT_WATCH_MS, onSilence);
      try {
        await readLines(incoming, (line) => onEvent(JSON.parse(line) as WatchEvent));
      } finally {
        // The connection goes on to other calls.
        socket.setTimeout(0, onSilence);
      }
    },
    close: () => agent.destroy(),
  };
}

/** Null: it is not there. @throws as call, for all else */
export function find(api: Api, path: string, options?: CallOptions): Promise<ApiObject | null> {
  return api.call('GET', path, options).catch((error: unknown) => {
    unlessGone(error);
    return null;
  });
}

/** What is not there any more needs nothing. @throws what else it is */
export function unlessGone(error: unknown): void {
  if (!(error instanceof ApiRefusal && error.status === 404)) throw error;
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  try {
    return await readText(incoming, MAX_BYTES);
  } catch (error) {
    incoming.destroy();
    throw error;
  }
}

async function readLines(incoming: IncomingMessage, onLine: (line: string) => void): Promise<void> {
  let rest = '';
  incoming.setEncoding('utf8');
  for await (const chunk of incoming as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line !== '') onLine(line);
  }
}

function refusal(status: number, text: string): ApiRefusal {
  try {
    const { reason = '', message = text } = JSON.parse(text) as { reason?: string; message?: string };
    return new ApiRefusal(status, reason, message.slice(0, 500));
  } catch {
    return new ApiRefusal(status, '', `answered ${status}: ${text.slice(0, 200)}`);
  }
}
