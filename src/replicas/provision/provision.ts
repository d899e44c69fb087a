import { BINARIES } from '../../artifacts/sources.ts';
import { shellScript } from '../../ssh/script.ts';
import type { Session } from '../../ssh/session.ts';
import type { FederationParts, ReplicaConfig } from '../config.ts';
import { programLinks } from '../programs.ts';
import type { Marker } from '../revision/marker.ts';
import { finishFederation } from '../units/federation.ts';
import type { Waiting } from '../waiting.ts';
import { replicaFiles } from './files.ts';
import { digest, installRelease, type MachineRelease } from './release.ts';
import { users } from './users.ts';

const prepareScript = shellScript('replicas/scripts/prepare.sh');

/**
 * Makes a machine a replica, in one command: users, binaries, certificates, configuration and units are in place and
 * on the disk when this returns, and nothing is started. Can be repeated; the files of a release take effect all at once.
 * @throws ReplicaError when the machine cannot hold it (a full disk, a missing binary); SshError
 */
export function provision(session: Session, config: ReplicaConfig, options: Waiting = {}): Promise<void> {
  return installRelease(session, releaseOf(config), options);
}

/** The release that makes a machine the replica of this configuration. */
export function releaseOf(config: ReplicaConfig): MachineRelease {
  const { uid, name, apiAddress, kubernetesVersion, etcdVersion, change } = config;
  const files = replicaFiles(config);
  const marker: Marker = {
    ...{ uid, name, digest: digest(files), apiAddress, kubernetesVersion, etcdVersion },
    ...(change === undefined ? {} : { change }),
  };
  const sysusers = Object.values(users).map((user) => `u ${user} - "haup"`);
  return {
    name,
    files,
    binaries: config.binaries,
    programs: BINARIES,
    links: programLinks(config),
    marker,
    prepare: prepareScript({}, sysusers),
    finish: finish(config),
  };
}

/** What decides on the units that not every replica has. */
export interface Finish extends Pick<ReplicaConfig, 'localRoute' | 'serviceAddresses'> {
  readonly federation?: Pick<FederationParts, 'node'> | undefined;
}

/** Shell that enables units that not every replica has: the API server brings the second with it. */
export function finish({ localRoute, serviceAddresses, federation }: Finish): string {
  return [
    ...(localRoute ? ['systemctl enable -q --now haup-api-address.service'] : []),
    ...(serviceAddresses === null ? [] : ['systemctl enable -q haup-service-addresses.service']),
    ...(federation ? [finishFederation(federation.node)] : []),
  ].join('\n');
}

export { renewServingCertificate } from './serving-certificate.ts';
