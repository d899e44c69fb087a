import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { connect as tlsConnect } from 'node:tls';
import { deadline } from '../util/deadline.ts';
import { readText } from '../util/text/bounded.ts';
import { TimeoutError } from '../util/wait.ts';

/** An API server as a client sees it: verified against the cluster's authority, with a client certificate. */
export interface ApiClient {
  readonly ip: string;
  readonly port: number;
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
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

export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
}

/** One request on a new TLS connection, so that it says what a new client would meet. Rejects unless it is answered. */
export async function callApi(client: ApiClient, request: ApiRequest): Promise<ApiAnswer> {
  const { ip, caPem: ca, certPem: cert, keyPem: key } = client;
  const stream = await client.connect?.();
  const connection = stream
    ? { createConnection: () => tlsConnect({ socket: stream, host: ip, ca, cert, key }) }
    : { agent: false as const, ca, cert, key };
  return new Promise((resolve, reject) => {
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const signal = deadline(request.timeoutMs, request.signal);
    const fail = (error: unknown): void => {
      const silent = signal.aborted && !request.signal?.aborted;
      reject(silent ? new TimeoutError(`an answer from ${client.ip}`, request.timeoutMs, undefined) : error);
    };
    const outgoing = httpsRequest(
      {
        host: ip,
        port: client.port,
        path: request.path,
        method: request.method ?? 'GET',
        ...connection,
        headers: {
          connection: 'close',
          ...(body === undefined
            ? {}
            : {
                'content-type': request.contentType ?? 'application/json',
                'content-length': Buffer.byteLength(body),
              }),
        },
        signal,
      },
      (incoming) => {
        readText(incoming, request.maxBytes).then(
          (text) => resolve({ status: incoming.statusCode ?? 0, text }),
          (error: unknown) => {
            outgoing.destroy();
            fail(error);
          },
        );
      },
    );
    outgoing.on('error', fail);
    outgoing.end(body);
  });
}

/** True when the API server behind the address says that it is ready. */
export async function isReady(client: ApiClient, timeoutMs = 2000): Promise<boolean> {
  const answer = await callApi(client, { path: '/readyz', timeoutMs });
  if (answer.status !== 200) throw new Error(`/readyz answers ${answer.status}`);
  return true;
}
