import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A proxy before a server of S3's language that lets one write at a time through. S3 decides conditional writes to a key one
 * after the other (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html); the test server
 * compares and writes in two steps, so that of eight writers at once several may win.
 */
export async function serialS3(port: number): Promise<{ readonly port: number; close(): void }> {
  let turn: Promise<void> = Promise.resolve();
  const server: Server = createServer((incoming, outgoing) => {
    const pass = (): Promise<void> =>
      new Promise((resolve) => {
        const { method, url, headers } = incoming;
        const onward = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
          outgoing.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
          answer.pipe(outgoing);
          answer.once('close', resolve);
        });
        onward.once('error', () => {
          outgoing.destroy();
          resolve();
        });
        incoming.pipe(onward);
      });
    if (incoming.method === 'PUT') turn = turn.then(pass);
    else void pass();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
