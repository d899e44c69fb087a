import type { Revision, WantedRevision } from '../../../../../src/replicas/revision/revision.ts';

export const wanted: WantedRevision = {
  kubernetesVersion: 'v1.37.1',
  etcdVersion: 'v3.7.3',
  configuration: { 'units/etcd.service': 'a', 'units/kube-apiserver.service': 'b', 'config/audit.yaml': 'c' },
  trust: { 'ca.crt': ['CA'], 'etcd/ca.crt': ['ETCD'] },
  certificates: [
    { file: 'apiserver.crt', commonName: 'kube-apiserver', issuedBy: 'CA', names: ['a', '10.0.0.1'] },
  ],
  keys: { encryption: ['k1'], 'service-account': ['s1'] },
};
export const certificate = {
  ...wanted.certificates[0]!,
  issuer: 'kubernetes-ca',
  notBefore: '2026-01-01T00:00:00Z',
  notAfter: '2027-01-01T00:00:00Z',
  authority: false,
};

/** As it is wanted. */
export const seen: Revision = { ...wanted, digest: '', certificates: [certificate] };
