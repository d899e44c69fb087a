import { createHash, createPublicKey } from 'node:crypto';
import { z } from 'zod';
import { parseJson } from '../util/text/json.ts';

/** As Kubernetes names the key of a token (pkg/serviceaccount/jwt.go): the SHA-256 of its SubjectPublicKeyInfo. */
export function keyIdOf(publicKeyPem: string): string {
  const der = createPublicKey(publicKeyPem).export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(der).digest('base64url');
}

/** The id of the key that has signed a service account's token, as its header says; null where it says none. */
export function keyIdIn(token: string): string | null {
  const [header = ''] = token.split('.');
  const read = z
    .object({ kid: z.string() })
    .safeParse(parseJson(Buffer.from(header, 'base64url').toString()));
  return read.data?.kid ?? null;
}
