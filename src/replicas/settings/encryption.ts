const KEY = /^[A-Za-z0-9+/]{43}=$/;

/**
 * The API server's EncryptionConfiguration: Secrets are encrypted from the first write. `secretbox` (XSalsa20 and
 * Poly1305) because of the providers that need no service beside the API server, Kubernetes' documentation calls it
 * the strong one: `aescbc` is open to padding oracles, and an `aesgcm` key must be changed every 200,000 writes. There is no
 * `identity`, so that a Secret in clear text cannot even be read.
 * @param key Base64 of 32 bytes.
 */
export function encryptionConfiguration(key: string): string {
  if (!KEY.test(key)) throw new Error('the encryption key is not base64 of 32 bytes');
  return `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
  - resources:
      - secrets
    providers:
      - secretbox:
          keys:
            - name: key1
              secret: ${key}
`;
}
