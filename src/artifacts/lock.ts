import { createHash } from 'node:crypto';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * Lets one process of this machine at a time do a thing. A socket in Linux's abstract namespace is the lock, because the kernel
 * gives it back when its process ends, however it ends, and because those who wait learn of it without asking again and again.
 * Elsewhere nothing is locked (only the local provider, which needs Linux, fills the cache); two at once then do the work twice.
 * @param what any text that names the thing.
 * @param onWait called once if another process is at it.
 * @returns the function that gives the lock back.
 */
export async function acquireLock(
  what: string,
  options: { signal?: AbortSignal | undefined; onWait?: () => void } = {},
): Promise<() => Promise<void>> {
  if (process.platform !== 'linux') return async () => {};
  const path = `\0haup-${createHash('sha256').update(what).digest('hex').slice(0, 32)}`;
  for (let waited = false; ; waited = true) {
    options.signal?.throwIfAborted();
    const release = await tryListen(path);
    if (release) return release;
    if (!waited) options.onWait?.();
    await closed(path, options.signal);
  }
}

async function tryListen(path: string): Promise<(() => Promise<void>) | null> {
  const waiting = new Set<Socket>();
  const server: Server = createServer((socket) => {
    waiting.add(socket);
    socket.on('error', () => {}).on('close', () => waiting.delete(socket));
  });
  const listening = await new Promise<boolean>((resolve, reject) => {
    server.once('listening', () => resolve(true));
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    );
    server.listen({ path });
  });
  if (!listening) return null;
  server.unref();
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of waiting) socket.destroy();
    });
}

/** Resolves when whoever listens there has gone. */
async function closed(path: string, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ path });
    const abort = () => {
      socket.destroy();
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    socket.on('error', () => {}); // refused: it went between our two calls
    socket.on('close', () => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
    socket.resume();
  });
}
