/** What a machine needs so that the operator, and nobody else, can log in at its first boot. */
export interface BootOptions {
  /** The one-time host key, OpenSSH PEM. The machine replaces it in the first session, so that it may be seen in metadata. */
  readonly hostKeyPrivate: string;
  /** One line: `ssh-ed25519 AAAA… comment`. */
  readonly operatorPublicKey: string;
}

const PEM = /^-----BEGIN OPENSSH PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+-----END OPENSSH PRIVATE KEY-----\n?$/;
const PUBLIC_KEY = /^[a-z0-9@.-]+ [A-Za-z0-9+/=]+( [\w@.:-]+)?$/;
const LIMIT = 12 * 1024;

/**
 * The script that a provider runs at a machine's boot. It acts at the first boot alone, because some clouds run it at
 * every one, when the machine has a host key of its own: a mark on the disk says so, written when all is done. For
 * Debian 12 and 13 and Ubuntu. It is read and run as root.
 */
export function bootScript(options: BootOptions): string {
  if (!PEM.test(options.hostKeyPrivate)) throw new Error('the host key is not an OpenSSH private key');
  if (!PUBLIC_KEY.test(options.operatorPublicKey))
    throw new Error("the operator's public key is not one line");
  const script = `#!/bin/sh
# haup: lets the operator in. Everything else comes over SSH.
set -eu
umask 077
mark=/var/lib/haup/booted
[ ! -e "$mark" ] || exit 0
mkdir -p /var/lib/haup /root/.ssh /etc/ssh/sshd_config.d
chmod 755 /var/lib/haup /etc/ssh/sshd_config.d

cat >/root/.ssh/authorized_keys.haup <<'HAUP'
${options.operatorPublicKey}
HAUP
mv -f /root/.ssh/authorized_keys.haup /root/.ssh/authorized_keys

# sshd takes the first value it meets, so this file must come first.
cat >/etc/ssh/sshd_config.d/00-haup.conf <<'HAUP'
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
HAUP
chmod 644 /etc/ssh/sshd_config.d/00-haup.conf

# Last, because whoever is shown this key expects to be let in.
key=/etc/ssh/ssh_host_ed25519_key
cat >"$key.haup" <<'HAUP'
${options.hostKeyPrivate.trimEnd()}
HAUP
ssh-keygen -y -f "$key.haup" >"$key.pub.haup"
chmod 644 "$key.pub.haup"
mv -f "$key.haup" "$key"
mv -f "$key.pub.haup" "$key.pub"
for other in dsa ecdsa rsa; do
  rm -f "/etc/ssh/ssh_host_$other""_key" "/etc/ssh/ssh_host_$other""_key.pub"
done

# Without waiting: this may run as a unit that sshd's own start waits for.
systemctl restart --no-block ssh.service 2>/dev/null || systemctl restart --no-block sshd.service
sync -- "$key" /root/.ssh/authorized_keys /etc/ssh/sshd_config.d/00-haup.conf /etc/ssh /root/.ssh
: >"$mark"
sync -- /var/lib/haup
`;
  if (Buffer.byteLength(script) > LIMIT) throw new Error('the boot script is larger than 12 KiB');
  return script;
}
