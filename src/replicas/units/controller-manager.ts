import { pkiPath } from '../paths.ts';
import { users } from '../provision/users.ts';
import { controllerService } from './controllers.ts';
import { emulation } from './emulation.ts';
import { commandLine, type Flags, unitFile } from './unit.ts';

/** What keeps objects as they should be, and makes none that would run. */
const KEEPERS = [
  'namespace-controller',
  'garbage-collector-controller',
  'serviceaccount-controller',
  'serviceaccount-token-controller',
  'root-ca-certificate-publisher-controller',
  'clusterrole-aggregation-controller',
];

/** `kube-controller-manager.service` */
export function controllerManagerUnit(options: {
  readonly program: string;
  /** What the user adds. */
  readonly extra?: Flags;
  readonly emulated?: string;
  readonly cluster: string;
  readonly clusterCidr: string;
  /** Of a federation, in which nothing runs. */
  readonly keepsObjectsOnly?: boolean;
}): string {
  const kubeconfig = pkiPath('controller-manager.conf');
  return unitFile({
    description: 'Kubernetes controller manager',
    after: ['kube-apiserver.service'],
    type: 'exec',
    user: users.kube,
    stopSeconds: 20,
    service: controllerService('kube-controller-manager'),
    command: commandLine(options.program, {
      // The local API server. The same credentials ask it about those who call this component.
      kubeconfig,
      'authentication-kubeconfig': kubeconfig,
      'authorization-kubeconfig': kubeconfig,
      'cluster-name': options.cluster,
      'leader-elect': true,
      // Each controller acts with its own service account's rights, not with the sum of all.
      'use-service-account-credentials': true,

      // Everything that is on by default, and what bootstrap tokens need.
      controllers: options.keepsObjectsOnly ? KEEPERS.join(',') : '*,bootstrapsigner,tokencleaner',
      // Each node gets a range for its pods. The routes to them are haup's, not a cloud's controller's.
      'allocate-node-cidrs': true,
      'cluster-cidr': options.clusterCidr,
      'configure-cloud-routes': false,
      'service-account-private-key-file': pkiPath('sa.key'),
      // What pods are told to trust.
      'root-ca-file': pkiPath('ca.crt'),

      // Signs what has been approved, for kubelets to join, with roots that are for nothing else: see pki/kubelet-authorities.ts.
      // Without a pair of its own a signer is off: legacy-unknown, whose certificates nobody here would believe.
      'cluster-signing-kubelet-client-cert-file': pkiPath('kubelet-client-ca.crt'),
      'cluster-signing-kubelet-client-key-file': pkiPath('kubelet-client-ca.key'),
      'cluster-signing-kube-apiserver-client-cert-file': pkiPath('kubelet-client-ca.crt'),
      'cluster-signing-kube-apiserver-client-key-file': pkiPath('kubelet-client-ca.key'),
      'cluster-signing-kubelet-serving-cert-file': pkiPath('kubelet-serving-ca.crt'),
      'cluster-signing-kubelet-serving-key-file': pkiPath('kubelet-serving-ca.key'),

      // Not 12,500 pods that have ended: they are read back after every start.
      'terminated-pod-gc-threshold': 1000,

      // Health and metrics, for this machine only.
      'bind-address': '127.0.0.1',
      'tls-min-version': 'VersionTLS13',
      'tls-cert-file': pkiPath('controller-manager.crt'),
      'tls-private-key-file': pkiPath('controller-manager.key'),
      profiling: false,
      ...emulation(options),
      ...options.extra,
    }),
  });
}
