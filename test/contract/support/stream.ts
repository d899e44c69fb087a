import { connect, type TLSSocket } from 'node:tls';

/** A connection that a test machine keeps sending on, and what has become of it. */
export interface Stream {
  /** How often something arrived so far. */
  readonly received: () => number;
  /** `open`, or how it ended: `closed` (FIN) or the error's code (`ECONNRESET`). */
  readonly state: () => string;
  close(): void;
}

/** Asks for `/stream`; resolves with the first data. */
export function openStream(ip: string, port: number): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ host: ip, port, rejectUnauthorized: false });
    let received = 0;
    let state = 'open';
    socket.on('secureConnect', () => socket.write(`GET /stream HTTP/1.1\r\nHost: test\r\n\r\n`));
    socket.on('data', () => {
      received++;
      resolve({ received: () => received, state: () => state, close: () => socket.destroy() });
    });
    socket.on('end', () => {
      if (state === 'open') state = 'closed';
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      state = error.code ?? error.message;
      reject(error);
    });
  });
}

/** How one attempt to connect to a port ends: `connected`, `silence` within the time, or the error's code. */
export async function knock(ip: string, port: number, timeoutMs = 1000): Promise<string> {
  const { connect: connectTcp } = await import('node:net');
  return await new Promise((resolve) => {
    const socket = connectTcp({ host: ip, port });
    const end = (how: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(how);
    };
    const timer = setTimeout(() => end('silence'), timeoutMs);
    socket.on('connect', () => end('connected'));
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}
