import { request as httpRequest } from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, type SecureContext, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { readText } from './text/bounded.ts';
import { unlessAborted } from './unless-aborted.ts';

/** Whom a server must have been certified by, and what shows it who asks. PEM. */
export interface TlsIdentity {
  readonly caPem: string;
  readonly certPem: string;
  readonly keyPem: string;
}

export interface HttpsPeer {
  /** What is made of it is kept as long as the object itself. */
  readonly tls: TlsIdentity;
  /** The name or the IP address that its certificate must have. */
  readonly name: string;
  /** A fresh connection; what comes after the signal has aborted is closed. */
  readonly connect: (signal: AbortSignal) => Promise<Duplex>;
}

export interface HttpsRequest {
  readonly method: string;
  readonly path: string;
  readonly body?: string | undefined;
  /** Default `application/json`. */
  readonly contentType?: string | undefined;
  /** Of the answer. Default 1 MiB. */
  readonly maxBytes?: number | undefined;
}

export interface HttpsAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * One request over one connection of its own: nothing to keep alive, to share or to close, a connection through a session that has
 * broken is never met again, and the answer is what a new client would meet.
 * Rejects unless it is answered in whole: with the signal's reason as soon as that aborts, or with what the connection met.
 */
export async function callHttps(
  peer: HttpsPeer,
  request: HttpsRequest,
  signal: AbortSignal,
): Promise<HttpsAnswer> {
  const stream = await connected(peer, signal);
  const socket = tlsConnect({
    ...{ socket: stream, secureContext: contextOf(peer.tls) },
    ...(isIP(peer.name) ? { host: peer.name } : { servername: peer.name }),
    // Not to be taken back by NODE_TLS_REJECT_UNAUTHORIZED.
    rejectUnauthorized: true,
  });
  try {
    return await unlessAborted(signal, () => exchanged(stream, socket, peer.name, request));
  } finally {
    socket.destroy();
    stream.destroy();
  }
}

async function connected(peer: HttpsPeer, signal: AbortSignal): Promise<Duplex> {
  signal.throwIfAborted();
  const opening = peer.connect(signal);
  try {
    return await unlessAborted(signal, () => opening);
  } catch (error) {
    opening.then(
      (late) => late.on('error', () => {}).destroy(),
      () => {},
    );
    throw error;
  }
}

function exchanged(
  stream: Duplex,
  socket: TLSSocket,
  name: string,
  { method, path, body, contentType = 'application/json', maxBytes }: HttpsRequest,
): Promise<HttpsAnswer> {
  return new Promise((resolve, reject) => {
    stream.on('error', reject);
    stream.once('close', () => reject(new Error('the connection was closed')));
    socket.on('error', reject);
    // Nothing is said to a server before it is known to be the one that is meant.
    socket.once('secureConnect', () => {
      const headers = {
        ...{ host: name, connection: 'close' },
        ...(body === undefined
          ? {}
          : { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }),
      };
      const outgoing = httpRequest({ method, path, headers, createConnection: () => socket }, (incoming) => {
        readText(incoming, maxBytes).then(
          (text) => resolve({ status: incoming.statusCode ?? 0, text }),
          reject,
        );
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  });
}

const contexts = new WeakMap<TlsIdentity, SecureContext>();

/** Reading certificates and a key takes longer than the call that needs them: done once. */
function contextOf(tls: TlsIdentity): SecureContext {
  const known = contexts.get(tls);
  if (known) return known;
  const context = createSecureContext({ ca: tls.caPem, cert: tls.certPem, key: tls.keyPem });
  contexts.set(tls, context);
  return context;
}
