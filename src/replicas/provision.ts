import { shellQuote } from '../ssh/quote.ts';
import type { Session } from '../ssh/session.ts';
import { archive } from '../util/archive.ts';
import type { ReplicaConfig } from './config.ts';
import { ReplicaError } from './errors.ts';
import { binariesFolder, digest, replicaFiles } from './files.ts';
import type { Marker } from './marker.ts';
import { paths } from './paths.ts';
import { users } from './users.ts';
import type { Waiting } from './waiting.ts';

const BINARIES = [
  'etcd',
  'etcdctl',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubectl',
];
const PLAIN_TIMEOUT_MS = 60_000;
const DOWNLOAD_TIMEOUT_MS = 15 * 60_000;

/**
 * Makes a machine a replica, in one command: users, binaries, certificates, configuration and units are in place and
 * on the disk when this returns, and nothing is started. Can be repeated; the files of a release take effect all at once.
 * @throws ReplicaError when the machine cannot hold it (a full disk, a missing binary); SshError
 */
export async function provision(
  session: Session,
  config: ReplicaConfig,
  options: Waiting = {},
): Promise<void> {
  const files = replicaFiles(config);
  const download = config.binaries.kind === 'download' ? config.binaries.script : null;
  const input = archive([
    ...files,
    ...(download === null ? [] : [{ path: 'download.sh', content: download, mode: 0o700, owner: 'root' }]),
  ]);
  if (download !== null) options.progress?.(`${config.name}: downloading the Kubernetes and etcd binaries`);
  const result = await session.exec(script(config, digest(files)), {
    input,
    what: `provision ${config.name}`,
    timeoutMs: download === null ? PLAIN_TIMEOUT_MS : DOWNLOAD_TIMEOUT_MS,
    signal: options.signal,
  });
  if (result.code !== 0) throw failure(config.name, result.stderr);
}

function script(config: ReplicaConfig, release: string): string {
  const { uid, name, apiAddress, kubernetesVersion, etcdVersion } = config;
  const marker: Marker = { uid, name, digest: release, apiAddress, kubernetesVersion, etcdVersion };
  const folder = `${paths.releases}/${release}`;
  const sysusers = Object.values(users).map((user) => shellQuote(`u ${user} - "haup"`));
  const download = config.binaries.kind === 'download';
  return `set -eu
umask 022
command -v curl >/dev/null || { apt-get -qq update && apt-get -qqy install curl; } >&2
# Leases are held, and given back, in the machine's name: no two replicas may share one.
case "$(hostname)" in ${name} | ${name}.*) ;; *) echo ${name} >/etc/hostname; hostname ${name} ;; esac
systemd-sysusers --inline ${sysusers.join(' ')} >&2

new=${folder}
rm -rf -- ${paths.releases}/*.part
trap 'rm -rf -- "$new.part"' EXIT
mkdir -p -- "$new.part"
tar -xpf - -C "$new.part"
${download ? `mkdir -p ${paths.downloadedBinaries}\nsh "$new.part/download.sh" ${paths.downloadedBinaries} >&2` : ''}
for binary in ${BINARIES.join(' ')}; do
  [ -x ${shellQuote(binariesFolder(config))}/$binary ] || { echo "there is no $binary in ${binariesFolder(config)}" >&2; exit 1; }
done

# Until the release is on the disk, nothing refers to it.
if [ ! -e "$new" ]; then
  find "$new.part" -type f -exec sync {} +
  mv -T -- "$new.part" "$new"
fi
ln -sfn -- "$new" ${paths.current}.new
mv -fT -- ${paths.current}.new ${paths.current}
for old in ${paths.releases}/*; do [ "$old" = "$new" ] || rm -rf -- "$old"; done

mkdir -p ${paths.units}/.haup
cp -- "$new"/units/*.service ${paths.units}/.haup
sync -- ${paths.units}/.haup/*
known=; [ ! -e ${paths.units}/etcd.service ] || known=1
mv -f -- ${paths.units}/.haup/* ${paths.units}
rmdir ${paths.units}/.haup
# systemd finds units that are new by itself.
[ -z "$known" ] || systemctl daemon-reload
${config.localRoute ? 'systemctl enable -q --now haup-api-address.service' : ''}

printf '%s\\n' ${shellQuote(JSON.stringify(marker))} >${paths.marker}.new
sync -- ${paths.marker}.new ${paths.releases} ${paths.units}
mv -fT -- ${paths.marker}.new ${paths.marker}
sync -- /etc/haup
`;
}

function failure(name: string, stderr: string): ReplicaError {
  const words = stderr.trim().slice(-1000);
  const full = /^.*(no space left on device|disk quota exceeded).*$/im.exec(words);
  if (full) {
    return new ReplicaError(`${name}: its disk is full: ${full[0]}`, {
      advice: 'give it a larger disk (--disk-size), or free space on it, and run `haup repair`',
    });
  }
  return new ReplicaError(`${name}: could not be provisioned: ${words || 'no reason was given'}`);
}

export { renewServingCertificate } from './serving-certificate.ts';
