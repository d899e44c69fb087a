import { shellScript } from '../../ssh/script.ts';

/** What a machine needs so that the operator, and nobody else, can log in at its first boot. */
export interface BootOptions {
  /** The one-time host key, OpenSSH PEM. The machine replaces it in the first session, so that it may be seen in metadata. */
  readonly hostKeyPrivate: string;
  /** One line each: `ssh-ed25519 AAAA… comment`. */
  readonly operatorPublicKeys: readonly string[];
}

const PEM = /^-----BEGIN OPENSSH PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+-----END OPENSSH PRIVATE KEY-----\n?$/;
const PUBLIC_KEY = /^[a-z0-9@.-]+ [A-Za-z0-9+/=]+( [\w@.:-]+)?$/;
const LIMIT = 12 * 1024;

const bootFile = shellScript('replicas/scripts/boot.sh', ['operator_key', 'host_key']);

/**
 * The script that a provider runs at a machine's boot. It acts at the first boot alone, because some clouds run it at
 * every one, when the machine has a host key of its own: a mark on the disk says so, written when all is done. For
 * Debian 12 and 13 and Ubuntu. It is read and run as root.
 */
export function bootScript(options: BootOptions): string {
  if (!PEM.test(options.hostKeyPrivate)) throw new Error('the host key is not an OpenSSH private key');
  if (!options.operatorPublicKeys.every((key) => PUBLIC_KEY.test(key)))
    throw new Error("the operator's public key is not one line");
  const script = bootFile({
    operator_key: options.operatorPublicKeys.join('\n'),
    host_key: options.hostKeyPrivate.trimEnd(),
  });
  if (Buffer.byteLength(script) > LIMIT) throw new Error('the boot script is larger than 12 KiB');
  return script;
}
