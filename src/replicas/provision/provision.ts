import { BINARIES } from '../../artifacts/sources.ts';
import { shellScript } from '../../ssh/script.ts';
import type { Session } from '../../ssh/session.ts';
import type { ReplicaConfig } from '../config.ts';
import type { Marker } from '../revision/marker.ts';
import type { Waiting } from '../waiting.ts';
import { replicaFiles } from './files.ts';
import { digest, installRelease } from './release.ts';
import { users } from './users.ts';

const prepareScript = shellScript('replicas/scripts/prepare.sh');

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
  const { uid, name, apiAddress, kubernetesVersion, etcdVersion } = config;
  const files = replicaFiles(config);
  const marker: Marker = { uid, name, digest: digest(files), apiAddress, kubernetesVersion, etcdVersion };
  const sysusers = Object.values(users).map((user) => `u ${user} - "haup"`);
  await installRelease(
    session,
    {
      name,
      files,
      binaries: config.binaries,
      programs: BINARIES,
      marker,
      prepare: prepareScript({}, sysusers),
      finish: finish(config),
    },
    options,
  );
}

/** Units that not every replica has: the API server brings the second with it. */
function finish({ localRoute, serviceAddresses }: ReplicaConfig): string {
  return [
    ...(localRoute ? ['systemctl enable -q --now haup-api-address.service'] : []),
    ...(serviceAddresses === null ? [] : ['systemctl enable -q haup-service-addresses.service']),
  ].join('\n');
}

export { renewServingCertificate } from './serving-certificate.ts';
