import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * A port of loopback that stays ours while nobody listens there: below the kernel's own range for outgoing connections, of which any
 * could take it in between.
 */
export function freePort(): Promise<number> {
  const port = randomInt(20_000, 30_000);
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(freePort()));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(port)));
  });
}
