import { request as httpRequest } from 'node:http';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { messageOf } from '../util/failure.ts';
import { readText } from '../util/text/bounded.ts';
import { EtcdError } from './errors.ts';

/** How one member is reached. */
export interface EtcdEndpoint {
  /** As messages name it: the replica's name. */
  readonly member: string;
  /** A fresh connection to the member's client port: `() => session.forward('127.0.0.1', 2379)`. */
  readonly connect: () => Promise<Duplex>;
  /** PEM. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
  /** A name in the member's server certificate; etcd's is for loopback clients. Default `localhost`. */
  readonly serverName?: string | undefined;
  /** Another way to the same port, where the machine refuses forwarding; `connect` has failed with `refusal`. */
  readonly otherwise?: ((call: HttpCall, refusal: unknown) => Promise<HttpAnswer>) | undefined;
}

export interface HttpCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  /** Follows "could not": "list the members". */
  readonly doing: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * One request over one connection of its own: nothing to keep alive, to share or to close, and a connection through a
 * session that has broken is never met again.
 * @throws EtcdError `timeout` or `unreachable`; the signal's reason when aborted.
 */
export function call(endpoint: EtcdEndpoint, what: HttpCall): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    if (what.signal?.aborted) return reject(what.signal.reason);
    let connection: Duplex | undefined;
    let socket: TLSSocket | undefined;
    let done = false;
    const end = (settle: () => void) => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      what.signal?.removeEventListener('abort', abort);
      socket?.destroy();
      connection?.destroy();
      settle();
    };
    const fail = (kind: 'timeout' | 'unreachable', words: string, cause?: unknown) =>
      end(() => reject(new EtcdError(kind, endpoint.member, what.doing, words, cause)));
    const broken = (error: unknown) => fail('unreachable', messageOf(error), error);
    const refused = (error: unknown) => {
      if (endpoint.otherwise)
        endpoint.otherwise(what, error).then((answer) => end(() => resolve(answer)), broken);
      else broken(error);
    };
    const abort = () => end(() => reject(what.signal?.reason));
    const timer = setTimeout(
      () => fail('timeout', `no answer within ${what.timeoutMs / 1000} s`),
      what.timeoutMs,
    );
    what.signal?.addEventListener('abort', abort, { once: true });

    endpoint.connect().then((stream) => {
      stream.on('error', broken);
      if (done) return void stream.destroy();
      connection = stream;
      stream.once('close', () => broken('the connection was closed'));
      socket = tlsConnect({
        socket: stream,
        servername: endpoint.serverName ?? 'localhost',
        secureContext: contextOf(endpoint.tls),
      });
      socket.on('error', broken);
      socket.once('secureConnect', () => {
        send(socket!, what, (answer) => end(() => resolve(answer)), broken);
      });
    }, refused);
  });
}

const contexts = new WeakMap<EtcdEndpoint['tls'], SecureContext>();

/** Reading certificates and a key takes longer than the call that needs them: done once. */
function contextOf(tls: EtcdEndpoint['tls']): SecureContext {
  const known = contexts.get(tls);
  if (known) return known;
  const context = createSecureContext(tls);
  contexts.set(tls, context);
  return context;
}

function send(
  socket: TLSSocket,
  { method, path, body }: HttpCall,
  answered: (answer: HttpAnswer) => void,
  broken: (error: unknown) => void,
): void {
  const headers = {
    host: 'localhost',
    connection: 'close',
    ...(body === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
  };
  const request = httpRequest({ method, path, headers, createConnection: () => socket }, (response) => {
    readText(response).then((text) => answered({ status: response.statusCode ?? 0, body: text }), broken);
  });
  request.on('error', broken);
  request.end(body);
}
