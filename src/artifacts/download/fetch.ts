import { systemClock } from '../../util/clock.ts';
import { ArtifactError } from '../errors.ts';
import { INSECURE_ADVICE } from './mirror.ts';

/** A connection that sends nothing for this long is given up and taken up again. */
const SILENCE_MS = 30_000;

/** The connection broke; asking again, from where it broke, may help. */
export class BrokenConnection extends Error {
  override readonly name = 'BrokenConnection';
}

/** A response whose body is still to be read; each chunk that is read must be reported with `alive`. */
export interface OpenResponse {
  readonly response: Response;
  /** Puts off the time limit for silence. */
  alive(): void;
  /** Stops the clock, and the connection if it is still open. */
  close(): void;
}

export interface GetOptions {
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal | undefined;
  /** Statuses beside 2xx that are answers. */
  readonly accept?: number[];
  /** Plain http is taken too, at the URL and where it leads. */
  readonly insecure?: boolean;
}

/** The official release of Kubernetes needs one, that of etcd two. */
const MOST_REDIRECTS = 5;

/**
 * Sends a GET and returns once the headers are here. Redirects are followed, to https only unless `insecure`.
 * @throws ArtifactError (unreachable, not-found for 404 and 410, insecure); BrokenConnection for 5xx, 429 and a connection that
 *   broke; the signal's reason when aborted.
 */
export async function get(url: string, options: GetOptions = {}): Promise<OpenResponse> {
  options.signal?.throwIfAborted();
  const silence = new AbortController();
  const onSilence = () =>
    silence.abort(new BrokenConnection(`no data from ${host(url)} for ${SILENCE_MS / 1000} s`));
  const timer = setTimeout(onSilence, SILENCE_MS);
  const close = () => {
    clearTimeout(timer);
    silence.abort();
  };
  try {
    const signals = options.signal ? [silence.signal, options.signal] : [silence.signal];
    const response = await follow(url, options, AbortSignal.any(signals));
    if (response.ok || options.accept?.includes(response.status)) {
      return { response, alive: () => timer.refresh(), close };
    }
    throw refusal(url, response.status);
  } catch (error) {
    close();
    options.signal?.throwIfAborted();
    throw explain(error, url);
  }
}

async function follow(from: string, options: GetOptions, signal: AbortSignal): Promise<Response> {
  let url = from;
  for (let redirects = 0; ; redirects += 1) {
    if (new URL(url).protocol !== 'https:' && !options.insecure) throw insecure(from, url);
    const response = await fetch(url, { headers: options.headers ?? {}, signal, redirect: 'manual' });
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
    await response.body?.cancel();
    if (redirects === MOST_REDIRECTS) throw unreachable(from, 'it redirects without end');
    if (!URL.canParse(location, url)) throw unreachable(from, 'it redirects to what is no URL');
    url = new URL(location, url).href;
  }
}

function insecure(from: string, url: string): ArtifactError {
  const what = url === from ? `${url} is not https` : `${host(from)} redirects to ${host(url)} without https`;
  return new ArtifactError('insecure', what, { advice: INSECURE_ADVICE });
}

/** A checksum file is a few kilobytes. */
const MOST_TEXT = 1 << 20;

/** Connections for one text that may break one after the other. */
const TRIES = 4;

/** The whole text at a URL, of 1 MiB at most. Errors as {@link get}; a connection that keeps breaking is reported as unreachable. */
export async function getText(
  url: string,
  options: Pick<GetOptions, 'signal' | 'insecure'> = {},
): Promise<string> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await textOnce(url, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      const explained = explain(error, url);
      if (!(explained instanceof BrokenConnection)) throw explained;
      if (tried === TRIES) throw unreachable(url, explained.message, explained);
      await systemClock.sleep(250 * 2 ** tried, options.signal);
    }
  }
}

async function textOnce(url: string, options: GetOptions): Promise<string> {
  const { response, alive, close } = await get(url, options);
  try {
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of response.body ?? []) {
      alive();
      length += piece.length;
      if (length > MOST_TEXT)
        throw new ArtifactError('checksum', `${url} is longer than a checksum file can be`);
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString();
  } finally {
    close();
  }
}

/** Errors of fetch, and of reading a body, in our terms. The reason is in `cause`, several layers down. */
export function explain(error: unknown, url: string): unknown {
  if (error instanceof ArtifactError || error instanceof BrokenConnection) return error;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as { code?: unknown }).code;
  const words = cause instanceof Error ? cause.message || String(code ?? cause.name) : String(cause);
  if (typeof code === 'string' && NEVER_CONNECTED.includes(code)) return unreachable(url, words, error);
  return new BrokenConnection(words, { cause: error });
}

export function unreachable(url: string, words: string, cause?: unknown): ArtifactError {
  return new ArtifactError('unreachable', `cannot reach ${host(url)}: ${words}`, { cause });
}

const NEVER_CONNECTED = [
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'ETIMEDOUT',
];

function refusal(url: string, status: number): Error {
  if (status === 404 || status === 410) {
    return new ArtifactError('not-found', `${host(url)} does not have ${new URL(url).pathname}`);
  }
  if (status === 429 || status >= 500) return new BrokenConnection(`${host(url)} answered ${status}`);
  return unreachable(url, `it answered ${status} for ${new URL(url).pathname}`);
}

function host(url: string): string {
  return new URL(url).host;
}
