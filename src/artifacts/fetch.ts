import { ArtifactError } from './errors.ts';

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

/**
 * Sends a GET and returns once the headers are here.
 * @throws ArtifactError (unreachable, or not-found for 404 and 410); BrokenConnection for 5xx, 429 and a connection that
 *   broke; the signal's reason when aborted.
 */
export async function get(
  url: string,
  options: { headers?: Record<string, string>; signal?: AbortSignal | undefined; accept?: number[] } = {},
): Promise<OpenResponse> {
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
    const response = await fetch(url, { headers: options.headers ?? {}, signal: AbortSignal.any(signals) });
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

/** The whole text at a URL. Errors as {@link get}; a connection that breaks is reported as unreachable. */
export async function getText(url: string, signal?: AbortSignal): Promise<string> {
  try {
    const { response, close } = await get(url, { signal });
    try {
      return await response.text();
    } finally {
      close();
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof BrokenConnection) throw unreachable(url, error.message, error);
    throw explain(error, url);
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
