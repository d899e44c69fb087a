import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { readText } from '../../../util/text/bounded.ts';

/** PEM; the key is a secret. */
export interface EtcdTls {
  readonly ca: string;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly answer: string;
}

const CALL_MS = 10_000;
/** A machine that is gone does not refuse a connection, it is silent. Others are waiting to be asked. */
const CONNECT_MS = 2_000;
/** Of a page: a key and its value are 300 bytes. */
const MOST_BYTES = 16 * 1024 ** 2;

/** Sends JSON, over a connection of its own. Rejects with what is wrong with the connection. */
export function post(url: URL, body: string, tls: EtcdTls | undefined): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      signal: AbortSignal.timeout(CALL_MS),
      agent: false as const,
    };
    const isTls = url.protocol === 'https:';
    const request = isTls ? httpsRequest(url, { ...options, ...tls }) : httpRequest(url, options);
    const connecting = setTimeout(
      () => request.destroy(new Error(`no connection within ${CONNECT_MS / 1000} s`)),
      CONNECT_MS,
    );
    const stop = (): void => clearTimeout(connecting);
    request.on('socket', (socket) => socket.once(isTls ? 'secureConnect' : 'connect', stop));
    request.on('error', reject);
    request.on('close', stop);
    request.on('response', (response) => {
      readText(response, MOST_BYTES).then(
        (answer) => resolve({ status: response.statusCode ?? 0, answer }),
        reject,
      );
    });
    request.end(body);
  });
}
