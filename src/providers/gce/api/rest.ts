import { isIPv4 } from 'node:net';
import { deadline } from '../../../util/deadline.ts';
import type { Variables } from '../../../util/variables.ts';
import { ProviderError } from '../../errors.ts';

/** `addresses.insert`, `zoneOperations.wait`: service and method as in the compute v1 reference. */
export type Method = `${string}.${string}`;
export type Fields = Readonly<Record<string, unknown>>;

/** What the client needs of google-auth-library. */
export interface Auth {
  getClient(): Promise<unknown>;
  fetch(url: string, init: RequestInit): Promise<unknown>;
}

/** Where the API is; null: Google's own. */
export interface Endpoint {
  readonly protocol: 'http' | 'https';
  readonly host: string;
  readonly port: number;
}

/** Around every call: counts it, checks it, lets simulated time know of it. */
export type Around = (method: Method, request: Fields, send: () => Promise<unknown>) => Promise<unknown>;

export interface Rest {
  /**
   * One attempt at one call; the message that the cloud answered, fields that it left out being absent. Of a list, one
   * page.
   * @throws what the client throws; a network `GceError` when aborted by `signal` or after {@link CALL_TIMEOUT_MS}.
   */
  call(method: Method, request: Fields, signal: AbortSignal): Promise<unknown>;
}

/** `wait` holds a call for up to two minutes. */
const CALL_TIMEOUT_MS = 150_000;

type Call = (request: Fields, options: Fields) => Promise<readonly unknown[]>;
export interface GapicClient {
  initialize(): Promise<unknown>;
  innerApiCalls: Record<string, Call>;
  close(): Promise<void>;
}

/** The real clients of the API, one a service, made when they are first asked for. */
export interface Clients {
  of(service: string): Promise<GapicClient>;
  close(): Promise<void>;
}

/**
 * The real client in its REST mode. Each service's client is imported and made at its first call: importing the
 * package whole takes 1.05 s and 170 MB, one service 0.15 s (and making the first client 0.4 s: all of them parse one
 * 12 MB description of the API).
 */
export function openClients(options: { auth: () => Auth; endpoint: Endpoint | null }): Clients {
  const clients = new Map<string, Promise<GapicClient>>();
  let auth: Auth | undefined;
  return {
    of(service) {
      auth ??= mended(options.auth());
      const made = clients.get(service) ?? make(service, auth, options.endpoint);
      clients.set(service, made);
      return made;
    },
    async close() {
      for (const client of clients.values()) await client.then((made) => made.close()).catch(() => {});
      clients.clear();
    },
  };
}

export function openRest(clients: Clients, around: Around): Rest {
  return {
    async call(method, request, signal) {
      const [service = '', name = ''] = method.split('.');
      const client = await clients.of(service);
      const call = client.innerApiCalls[name];
      if (!call) throw new Error(`the Compute Engine client has no ${method}`);
      const paged = name === 'list' || name === 'aggregatedList' || name === 'listInstances';
      const send = async () => {
        // The result of a paged call is [items, next request, the message]; of another one [the message, …].
        const result = await call(request, paged ? { autoPaginate: false } : {});
        return paged ? result[2] : result[0];
      };
      return until(around(method, request, send), signal);
    },
  };
}

async function make(service: string, auth: Auth, endpoint: Endpoint | null): Promise<GapicClient> {
  const file = service.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const loaded: Record<string, unknown> = await import(
    `@google-cloud/compute/build/src/v1/${file}_client.js`
  );
  const className = `${service[0]?.toUpperCase()}${service.slice(1)}Client`;
  const module = (loaded.default ?? loaded) as Record<string, new (options: unknown) => GapicClient>;
  const Client = module[className];
  if (!Client) throw new Error(`the Compute Engine client has no ${className}`);
  const where = endpoint && { apiEndpoint: endpoint.host, port: endpoint.port, protocol: endpoint.protocol };
  const client = new Client({ fallback: true, auth, ...where });
  await client.initialize();
  return client;
}

/**
 * The login, with what the client leaves to be wished for: in REST mode it passes no time limit on, and of an error
 * answer it keeps the message and loses the reason (with some credentials the other way round). A 401 stays with the
 * login, which renews its token and tries again.
 */
function mended(auth: Auth): Auth {
  return {
    getClient: () => auth.getClient(),
    async fetch(url, init) {
      const signal = deadline(CALL_TIMEOUT_MS, init.signal ?? undefined);
      const validateStatus = (status: number) => status !== 401;
      const response = (await auth.fetch(url, {
        ...init,
        signal,
        validateStatus,
      } as RequestInit)) as Response;
      if (response.ok) return response;
      throw new HttpError(response.status, await response.text(), response.headers);
    },
  };
}

/** An error answer as it came. */
class HttpError extends Error {
  readonly status: number;
  readonly response: { readonly data: string; readonly headers: Headers };

  constructor(status: number, data: string, headers: Headers) {
    super(`HTTP ${status}`);
    this.status = status;
    this.response = { data, headers };
  }
}

/** Stops waiting for a call when aborted; the call itself ends by its own time limit. */
async function until<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/**
 * Reads gcloud's own variable for another API endpoint, `CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE`
 * (`https://host:port/compute/v1/`). Plain HTTP only to this host: the calls carry an access token.
 */
export function endpointFrom(environment: Variables): Endpoint | null {
  const value = environment.CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE;
  if (!value) return null;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const host = url?.hostname ?? '';
  const local = host === 'localhost' || (isIPv4(host) && host.startsWith('127.'));
  if (!url || !(url.protocol === 'https:' || (url.protocol === 'http:' && local))) {
    throw new ProviderError(
      'preflight',
      `CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE is "${value}", which is not an https URL`,
      { advice: 'Unset it, or give it a URL such as https://compute.example.net/compute/v1/.' },
    );
  }
  const protocol = url.protocol === 'http:' ? 'http' : 'https';
  return { protocol, host: url.hostname, port: Number(url.port) || (protocol === 'http' ? 80 : 443) };
}
