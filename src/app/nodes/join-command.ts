import { createHash, X509Certificate } from 'node:crypto';
import type { ApiClient } from '../../kubernetes/client.ts';
import { createJoinToken } from '../../nodes/api/token.ts';
import { certificatesIn } from '../../pki/bundle.ts';
import { type Clock, systemClock } from '../../util/clock.ts';
import { rfc3339 } from '../../util/text/rfc3339.ts';

/** How a machine of any kind becomes a node by kubeadm. The token is a secret for as long as it lives. */
export interface JoinCommand {
  /** A line for the shell of the machine that is to join, as root. */
  readonly command: string;
  /** `198.18.0.10:443` */
  readonly apiServer: string;
  readonly token: string;
  /** `sha256:…` of the public key of each authority that the API server's certificate may be by. */
  readonly caCertHashes: readonly string[];
  /** When the token ends; ISO 8601. */
  readonly expires: string;
}

/** Makes a token of its own for the command. @throws ApiError */
export async function makeJoinCommand(
  api: ApiClient,
  options: { readonly minutes: number; readonly signal?: AbortSignal; readonly clock?: Clock },
): Promise<JoinCommand> {
  const { minutes, signal, clock = systemClock } = options;
  const expires = rfc3339(clock.now() + minutes * 60_000);
  const token = await createJoinToken(api, {
    purpose: 'join by kubeadm, made by haup',
    minutes,
    discovery: true,
    clock,
    signal,
  });
  const apiServer = `${api.ip}:${api.port}`;
  const caCertHashes = hashes(api.caPem);
  const flags = [`--token ${token}`, ...caCertHashes.map((hash) => `--discovery-token-ca-cert-hash ${hash}`)];
  return { command: `kubeadm join ${apiServer} ${flags.join(' ')}`, apiServer, token, caCertHashes, expires };
}

/** As kubeadm computes them (RFC 7469, section 2.4): SHA-256 of the SubjectPublicKeyInfo, one for each certificate of the bundle. */
function hashes(bundle: string): string[] {
  return certificatesIn(bundle).map((pem) => {
    const key = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
    return `sha256:${createHash('sha256').update(key).digest('hex')}`;
  });
}
