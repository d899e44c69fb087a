import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { derChildren } from './der.ts';

const generate = promisify(generateKeyPair);

export interface NewKey {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  /** PKCS #8 PEM. */
  readonly keyPem: string;
}

/**
 * A new P-256 key. Not RSA: the 17 keys of a first master took 1.3 s on two idle cores as RSA-2048 (2.5 s of processor
 * time, just when the machine boots) and 1 ms as P-256, which is also the stronger of the two and cheaper in every
 * handshake. Go, OpenSSL and every Kubernetes since 1.8 take it; kubeadm offers it as ECDSA-P256.
 */
export async function newKey(): Promise<NewKey> {
  const { publicKey, privateKey } = await generate('ec', { namedCurve: 'P-256' });
  return { publicKey, privateKey, keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string };
}

/** A key that there is already. @throws Error for what is none. */
export function readKey(keyPem: string): NewKey {
  const privateKey = createPrivateKey(keyPem);
  return { publicKey: createPublicKey(privateKey), privateKey, keyPem };
}

/** RFC 5280 §4.2.1.2, method 1: SHA-1 of the subjectPublicKey's bits. An identifier, not a protection. */
export function keyIdentifier(publicKey: KeyObject): Buffer {
  const bits = derChildren(publicKey.export({ type: 'spki', format: 'der' }) as Buffer)[1]!.content;
  return createHash('sha1').update(bits.subarray(1)).digest();
}
