import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Authorities, createAuthorities } from '../../../src/pki/authorities.ts';
import { issueOwnAdmin } from '../../../src/pki/issue.ts';
import type { TlsIdentity } from '../../../src/util/https.ts';
import { forge } from './world.ts';

export interface TlsServer {
  readonly port: number;
  /** An administrator's, by the authority that has certified the server. */
  readonly tls: TlsIdentity;
  close(): void;
}

/** Answers HTTPS on loopback, certified for these names by a cluster's authority: a new one's unless given. */
export async function startTlsServer(
  sans: readonly string[],
  answer: RequestListener,
  given?: Authorities,
): Promise<TlsServer> {
  const authorities = given ?? (await createAuthorities('demo'));
  const { certPem: cert, keyPem: key } = await forge(authorities.kubernetes, { sans });
  const server = createServer({ cert, key }, answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    tls: { caPem: authorities.kubernetes.certPem, ...(await issueOwnAdmin(authorities)) },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
