#!/bin/sh
# haup: lets the operator in. Everything else comes over SSH.
: "${operator_key?}" "${host_key?}"
set -eu
umask 077
mark=/var/lib/haup/booted
[ ! -e "$mark" ] || exit 0
mkdir -p /var/lib/haup /root/.ssh /etc/ssh/sshd_config.d
chmod 755 /var/lib/haup /etc/ssh/sshd_config.d

printf '%s\n' "$operator_key" >/root/.ssh/authorized_keys.haup
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
printf '%s\n' "$host_key" >"$key.haup"
ssh-keygen -y -f "$key.haup" >"$key.pub.haup"
chmod 644 "$key.pub.haup"
mv -f "$key.haup" "$key"
mv -f "$key.pub.haup" "$key.pub"
for other in dsa ecdsa rsa; do
  rm -f "/etc/ssh/ssh_host_${other}_key" "/etc/ssh/ssh_host_${other}_key.pub"
done

# Without waiting: this may run as a unit that sshd's own start waits for.
systemctl restart --no-block ssh.service 2>/dev/null || systemctl restart --no-block sshd.service
sync -- "$key" /root/.ssh/authorized_keys /etc/ssh/sshd_config.d/00-haup.conf /etc/ssh /root/.ssh
: >"$mark"
sync -- /var/lib/haup
