import type { z } from 'zod';
import { parseJson } from '../util/text/json.ts';
import { understood } from '../util/text/understood.ts';
import { type ApiClient, callApi } from './client.ts';
import { ApiError } from './errors.ts';
import { statusMessage } from './status.ts';

export interface Call {
  /** As it follows "could not": "cordon demo-node-abc". */
  readonly doing: string;
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Answers that are no failure, besides 200 to 202. */
  readonly accept?: readonly number[];
  /** Of the answer. Default 1 MiB. */
  readonly maxBytes?: number;
  /** Default 15 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

const TIMEOUT_MS = 15_000;

/** One request of haup's that is to succeed. @throws ApiError; what callApi throws where nobody answers. */
export async function call(api: ApiClient, request: Call): Promise<Answer> {
  const { doing, accept = [], timeoutMs = TIMEOUT_MS, ...rest } = request;
  const { status, text } = await callApi(api, { ...rest, timeoutMs });
  const body = parseJson(text);
  if ((status >= 200 && status < 300) || accept.includes(status)) return { status, body };
  throw new ApiError(doing, status, wordsOf(body));
}

/** What haup reads of an answer. @throws ApiError where it has another form: then nothing is known */
export function readAnswer<S extends z.ZodType>(
  schema: S,
  { status, body }: Answer,
  doing: string,
): z.output<S> {
  return understood(
    schema,
    body,
    (how) => new ApiError(doing, status, `in another form than haup knows: ${how}`),
  );
}

/** What a Status object says. */
export function wordsOf(body: unknown): string {
  return statusMessage(body)?.slice(0, 300) ?? 'nothing more';
}
