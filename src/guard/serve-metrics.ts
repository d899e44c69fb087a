import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where metrics can be read: this machine alone, since they tell names, zones and versions to whoever asks. */
export interface Loopback {
  readonly host: '127.0.0.1' | '::1';
  /** 0: any that is free. */
  readonly port: number;
}

export interface MetricsServer {
  readonly port: number;
  close(): void;
}

/** Answers `GET /metrics` with what `text` gives then. @throws an error of Node's when the port is taken. */
export async function serveMetrics({ host, port }: Loopback, text: () => string): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    const found = request.method === 'GET' && request.url?.split('?')[0] === '/metrics';
    response.writeHead(found ? 200 : 404, {
      'content-type': found ? 'text/plain; version=0.0.4; charset=utf-8' : 'text/plain; charset=utf-8',
    });
    response.end(found ? text() : 'there is /metrics\n');
  });
  server.listen(port, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
