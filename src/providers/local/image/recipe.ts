import { createHash } from 'node:crypto';
import { shellFile } from '../../../util/shell-file.ts';

/** What the image consists of. Any change of these gives another image key. */
export const SUITE = 'trixie';

export const PACKAGES = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'openssh-server',
  'iproute2',
  'ca-certificates',
  'curl',
  // For nodes: kube-proxy and the CNI plugins write nft rules, containerd starts containers by runc.
  'nftables',
  'runc',
  'kmod',
  // By its igzip containerd unpacks images several times as fast as by itself.
  'isal',
  // For masters that back etcd up.
  'restic',
] as const;

/** Units that a machine of ours has no use for; without them it boots in a third of the time. */
export const MASKED_UNITS = [
  'apt-daily-upgrade.service',
  'apt-daily-upgrade.timer',
  'apt-daily.service',
  'apt-daily.timer',
  'console-getty.service',
  'container-getty@.service',
  'dev-hugepages.mount',
  'dev-mqueue.mount',
  'dpkg-db-backup.timer',
  'e2scrub_all.timer',
  'e2scrub_reap.service',
  'fstrim.timer',
  'getty-static.service',
  'getty.target',
  'kmod-static-nodes.service',
  'ldconfig.service',
  'modprobe@.service',
  'ssh.socket',
  'sshd-unix-local.socket',
  'sys-fs-fuse-connections.mount',
  'sys-kernel-config.mount',
  'sys-kernel-debug.mount',
  'sys-kernel-tracing.mount',
  'systemd-ask-password-console.path',
  'systemd-ask-password-wall.path',
  'systemd-binfmt.service',
  'systemd-creds.socket',
  'systemd-firstboot.service',
  'systemd-hostnamed.socket',
  'systemd-hwdb-update.service',
  'systemd-journal-catalog-update.service',
  'systemd-journal-flush.service',
  'systemd-logind.service',
  'systemd-machine-id-commit.service',
  'systemd-modules-load.service',
  'systemd-pcrextend.socket',
  'systemd-pcrlock.socket',
  'systemd-random-seed.service',
  'systemd-remount-fs.service',
  'systemd-sysctl.service',
  'systemd-sysext.socket',
  'systemd-sysusers.service',
  'systemd-tmpfiles-clean.timer',
  'systemd-tmpfiles-setup-dev-early.service',
  'systemd-tmpfiles-setup-dev.service',
  'systemd-udevd-control.socket',
  'systemd-udevd-kernel.socket',
  'systemd-udevd.service',
  'systemd-udev-trigger.service',
  'systemd-update-done.service',
  'systemd-update-utmp.service',
] as const;

/** Where the machine finds the boot script of its request; removed once it has run. scripts/first-boot.sh names the place too. */
export const BOOT_SCRIPT = '/var/lib/haup-boot/script';

/**
 * Runs the boot script once and then starts sshd, as a cloud's guest agent would. sshd is not ordered after this unit,
 * so that a boot script may itself restart it. A script that fails does not keep sshd from starting, as in a cloud.
 */
const BOOT_PROGRAM = shellFile('providers/local/scripts/first-boot.sh');

const BOOT_UNIT = `[Unit]
Description=Run the boot script at the first boot, then sshd
DefaultDependencies=no
After=systemd-tmpfiles-setup.service dbus.socket
Wants=systemd-tmpfiles-setup.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/lib/haup/boot

[Install]
WantedBy=multi-user.target
`;

const JOURNAL = `[Journal]
Storage=persistent
SystemMaxUse=64M
RateLimitBurst=0
`;

export interface ImageFile {
  readonly path: string;
  readonly mode: number;
  readonly content: string;
}

export const FILES: readonly ImageFile[] = [
  { path: 'usr/lib/haup/boot', mode: 0o755, content: BOOT_PROGRAM },
  { path: 'etc/systemd/system/haup-boot.service', mode: 0o644, content: BOOT_UNIT },
  { path: 'etc/systemd/journald.conf.d/haup.conf', mode: 0o644, content: JOURNAL },
];

/** Units to start at boot; sshd is not among them, because `haup-boot.service` starts it. */
export const ENABLED_UNITS = ['haup-boot.service'] as const;
export const DISABLED_UNITS = ['ssh.service', 'ssh.socket'] as const;

/** Files that debootstrap leaves and that every machine must make for itself, or that only cost space. */
export const REMOVED = [
  'etc/hostname',
  'etc/machine-id',
  'etc/resolv.conf',
  'etc/ssh/ssh_host_ecdsa_key',
  'etc/ssh/ssh_host_ecdsa_key.pub',
  'etc/ssh/ssh_host_ed25519_key',
  'etc/ssh/ssh_host_ed25519_key.pub',
  'etc/ssh/ssh_host_rsa_key',
  'etc/ssh/ssh_host_rsa_key.pub',
  'var/cache/apt',
  'var/lib/apt/lists',
  'var/log/bootstrap.log',
  'usr/share/doc',
  'usr/share/man',
  'usr/share/locale',
] as const;

/** Names the image's folder in the cache: a digest of everything above. */
export function imageKey(architecture: string): string {
  const recipe = JSON.stringify({
    version: 1,
    architecture,
    SUITE,
    PACKAGES,
    MASKED_UNITS,
    FILES,
    ENABLED_UNITS,
    DISABLED_UNITS,
    REMOVED,
  });
  return `debian-${SUITE}-${createHash('sha256').update(recipe).digest('hex').slice(0, 16)}`;
}
