import { connect as tcpConnect } from 'node:net';
import type { Duplex } from 'node:stream';
import { withDeadline } from '../util/deadline.ts';
import { callHttps, type HttpsAnswer, type TlsIdentity } from '../util/https.ts';
import { TimeoutError } from '../util/wait.ts';

/** An API server as a client sees it: verified against the cluster's authority, with a client certificate. */
export interface ApiClient extends TlsIdentity {
  readonly ip: string;
  readonly port: number;
  /** A fresh connection to it, where it is not reached by its address: through a session. */
  readonly connect?: () => Promise<Duplex>;
}

export interface ApiRequest {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly timeoutMs: number;
  /** Of the answer. Default 1 MiB. */
  readonly maxBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type ApiAnswer = HttpsAnswer;

/**
 * One request on a new TLS connection, so that it says what a new client would meet. Rejects unless it is answered.
 * @throws TimeoutError; the signal's reason when aborted; what the connection met
 */
export async function callApi(client: ApiClient, request: ApiRequest): Promise<ApiAnswer> {
  const { method = 'GET', body, timeoutMs, ...rest } = request;
  const connect = client.connect ?? ((ended: AbortSignal) => connected(client, ended));
  const peer = { tls: client, name: client.ip, connect };
  const json = body === undefined ? undefined : JSON.stringify(body);
  return withDeadline(timeoutMs, request.signal, (signal) =>
    callHttps(peer, { ...rest, method, body: json }, signal).catch((error: unknown) => {
      if (!signal.aborted || request.signal?.aborted) throw error;
      throw new TimeoutError(`an answer from ${client.ip}`, timeoutMs, undefined);
    }),
  );
}

function connected({ ip, port }: ApiClient, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = tcpConnect({ host: ip, port, noDelay: true, signal });
    socket.once('error', reject);
    socket.once('connect', () => resolve(socket));
  });
}

/** True when the API server behind the address says that it is ready. */
export async function isReady(client: ApiClient, timeoutMs = 2000): Promise<boolean> {
  const answer = await callApi(client, { path: '/readyz', timeoutMs });
  if (answer.status !== 200) throw new Error(`/readyz answers ${answer.status}`);
  return true;
}
