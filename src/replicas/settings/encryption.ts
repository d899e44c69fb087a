/** Base64 of 32 bytes. Its name stands before everything that is written with it. */
export interface EncryptionKey {
  /** `key1` */
  readonly name: string;
  readonly secret: string;
}

const KEY = /^[A-Za-z0-9+/]{43}=$/;

/**
 * The API server's EncryptionConfiguration: Secrets are encrypted from the first write. `secretbox` (XSalsa20 and
 * Poly1305) because of the providers that need no service beside the API server, Kubernetes' documentation calls it
 * the strong one: `aescbc` is open to padding oracles, and an `aesgcm` key must be changed every 200,000 writes. There is no
 * `identity`, so that a Secret in clear text cannot even be read.
 * @param keys The first is written with, each is read with.
 */
export function encryptionConfiguration(keys: readonly EncryptionKey[]): string {
  if (keys.length === 0 || !keys.every(({ secret }) => KEY.test(secret)))
    throw new Error('the encryption key is not base64 of 32 bytes');
  const list = keys.map(
    ({ name, secret }) => `            - name: ${name}\n              secret: ${secret}\n`,
  );
  return `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources:
      - secrets
    providers:
      - secretbox:
          keys:
${list.join('')}`;
}
