import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';

/** An ed25519 key pair in OpenSSH's own formats. */
export interface SshKeyPair {
  /** OpenSSH PEM (`-----BEGIN OPENSSH PRIVATE KEY-----`), not encrypted, ends in a newline. A secret. */
  readonly privateKey: string;
  /** One line, `ssh-ed25519 AAAA… comment`, without a newline. */
  readonly publicKey: string;
  /** As `ssh-keygen -l` prints it: `SHA256:…`. */
  readonly fingerprint: string;
}

const TYPE = 'ssh-ed25519';

/** Makes a key pair for an operator or a host. */
export function makeKeyPair(comment = 'haup'): SshKeyPair {
  const { privateKey } = generateKeyPairSync('ed25519');
  const jwk = privateKey.export({ format: 'jwk' });
  const seed = Buffer.from(jwk.d!, 'base64url');
  const point = Buffer.from(jwk.x!, 'base64url');
  const blob = Buffer.concat([sshString(TYPE), sshString(point)]);
  const publicKey = `${TYPE} ${blob.toString('base64')} ${comment}`;
  return {
    privateKey: privateKeyPem(blob, seed, point, comment),
    publicKey,
    fingerprint: fingerprint(publicKey),
  };
}

/** `SHA256:…` of a public key: a line (`ssh-ed25519 AAAA… comment`) or the raw key blob. */
export function fingerprint(publicKey: string | Buffer): string {
  const digest = createHash('sha256').update(keyBlob(publicKey)).digest('base64');
  return `SHA256:${digest.replace(/=+$/, '')}`;
}

/** Whether two public keys are the same key, whatever their comments. */
export function sameKey(a: string | Buffer, b: string | Buffer): boolean {
  return keyBlob(a).equals(keyBlob(b));
}

/** The public key line of a raw key blob, without comment. */
export function publicKeyLine(blob: Buffer): string {
  const type = blob.subarray(4, 4 + blob.readUInt32BE(0)).toString('latin1');
  return `${type} ${blob.toString('base64')}`;
}

function keyBlob(publicKey: string | Buffer): Buffer {
  if (Buffer.isBuffer(publicKey)) return publicKey;
  const base64 = publicKey.trim().split(/\s+/)[1];
  if (!base64) throw new Error('not a public key line: "<type> <base64> [comment]" is expected');
  return Buffer.from(base64, 'base64');
}

function sshString(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** OpenSSH's PROTOCOL.key: magic, cipher, kdf, options, number of keys, public blob, private section. */
function privateKeyPem(blob: Buffer, seed: Buffer, point: Buffer, comment: string): string {
  const check = randomBytes(4);
  const one = Buffer.from([0, 0, 0, 1]);
  const fields = [check, check, blob, sshString(Buffer.concat([seed, point])), sshString(comment)];
  const unpadded = Buffer.concat(fields);
  const padding = Buffer.from(Array.from({ length: (8 - (unpadded.length % 8)) % 8 }, (_, i) => i + 1));
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0', 'latin1'),
    sshString('none'),
    sshString('none'),
    sshString(''),
    one,
    sshString(blob),
    sshString(Buffer.concat([unpadded, padding])),
  ]);
  const lines = file.toString('base64').match(/.{1,70}/g)!;
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join(
    '\n',
  );
}
