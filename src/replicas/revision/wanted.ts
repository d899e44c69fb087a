import type { Authorities } from '../../pki/authorities.ts';
import { signerOf } from '../../pki/issue.ts';
import type { KubeletAuthorities } from '../../pki/kubelet-authorities.ts';
import type { ReplicaIdentity } from '../../pki/profiles.ts';
import { replicaLeaves, sharedFiles } from '../../pki/replica.ts';
import type { ReplicaConfig } from '../config.ts';
import { replicaFiles } from '../provision/files.ts';
import { fingerprint, keyId, pemBlocks, sha256, type WantedRevision } from './revision.ts';

/**
 * What revision.ts would read on a master that was provisioned like this just now. Nothing is issued for it.
 * @throws Error for authorities that are no PEM.
 */
export function wantedRevision(
  config: Omit<ReplicaConfig, 'pki'>,
  identity: ReplicaIdentity,
  authorities: Authorities,
  kubelets: KubeletAuthorities,
): WantedRevision {
  const files = replicaFiles({ ...config, pki: new Map() });
  const shared = sharedFiles(authorities, kubelets);
  const trust = shared.filter(([file]) => file.endsWith('ca.crt'));
  const tokenKeys = shared.find(([file]) => file === 'sa.pub')![1].pem;
  const privateKeys = shared.filter(([file]) => file.endsWith('.key'));
  return {
    kubernetesVersion: config.kubernetesVersion,
    etcdVersion: config.etcdVersion,
    configuration: Object.fromEntries(files.map(({ path, content }) => [path, sha256(content)])),
    trust: Object.fromEntries(trust.map(([file, { pem }]) => [file, pemBlocks(pem)!.map(fingerprint)])),
    certificates: replicaLeaves(identity).map(({ file, commonName, signedBy, names }) => ({
      file,
      commonName,
      issuedBy: fingerprint(signerOf(authorities, signedBy).certPem),
      names,
    })),
    keys: {
      'service-account': pemBlocks(tokenKeys)!.map((pem) => keyId(pem)),
      encryption: config.encryptionKeys.map(({ secret }) => keyId(secret)),
      ...Object.fromEntries(privateKeys.map(([file, { pem }]) => [file, [keyId(pem)]])),
    },
  };
}
