import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request as ask, createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { startTlsServer } from '../../unit/pki/tls-server.ts';
import { startGcsServer } from './stores/gcs-server.ts';

/** A bucket of Google Cloud Storage for restic, which finds it at Google's own names by a proxy on loopback. */
export interface GoogleBucket {
  /** `gs:…` */
  readonly address: string;
  /** A service account's key, by which Google's token server gives a token. */
  readonly credentials: string;
  /** What leads to the proxy, and has its authority believed. */
  readonly environment: Readonly<Record<string, string>>;
  /** Calls that came without the token, or for other hosts. */
  readonly refused: readonly string[];
  close(): Promise<void>;
}

const BUCKET = 'backups';
const [STORAGE, TOKENS] = ['storage.googleapis.com', 'oauth2.googleapis.com'];
const TOKEN = 'token-of-the-test';

/** @param folder where files of its own may be. */
export async function startGoogleBucket(folder: string): Promise<GoogleBucket> {
  const gcs = await startGcsServer(BUCKET, { names: STORAGE });
  const refused: string[] = [];
  const google = await startTlsServer([STORAGE, TOKENS], (request, response) => {
    const { host, authorization } = request.headers;
    if (host === TOKENS) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ access_token: TOKEN, token_type: 'Bearer', expires_in: 3600 }));
    } else if (isNewBucketOfNobody(request)) {
      const error = { code: 400, message: 'Required parameter: project', errors: [{ reason: 'required' }] };
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
    } else if (host === STORAGE && authorization === `Bearer ${TOKEN}`) forward(gcs.port, request, response);
    else {
      refused.push(`${request.method} ${host}${request.url}`);
      response.writeHead(401).end();
    }
  });
  const proxy = createServer().listen(0, '127.0.0.1');
  proxy.on('connect', ({ url }: IncomingMessage, socket) => {
    if (url !== `${STORAGE}:443` && url !== `${TOKENS}:443`)
      return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    const server = connect(google.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(server).pipe(socket);
    });
    for (const end of [server, socket]) end.on('error', () => {});
  });
  await once(proxy, 'listening');
  const authority = join(folder, 'google-ca.pem');
  writeFileSync(authority, google.tls.caPem);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return {
    address: `gs:${BUCKET}:`,
    credentials: JSON.stringify({
      type: 'service_account',
      project_id: 'demo',
      private_key_id: '1',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      client_email: 'haup@demo.iam.gserviceaccount.com',
      client_id: '1',
      token_uri: `https://${TOKENS}/token`,
    }),
    environment: {
      HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      SSL_CERT_FILE: authority,
    },
    refused,
    async close() {
      proxy.close();
      proxy.closeAllConnections();
      google.close();
      await gcs.close();
    },
  };
}

/** A bucket is made in a project, which the server behind takes lightly (Cloud Storage JSON API, "Buckets: insert"). */
function isNewBucketOfNobody({ method, url, headers: { host } }: IncomingMessage): boolean {
  const { pathname, searchParams } = new URL(url!, 'https://x');
  return (
    host === STORAGE && method === 'POST' && pathname === '/storage/v1/b' && !searchParams.get('project')
  );
}

function forward(port: number, request: IncomingMessage, response: ServerResponse): void {
  const { method, url, headers } = request;
  const onward = ask({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
    response.writeHead(answer.statusCode!, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.destroy());
  request.pipe(onward);
}
