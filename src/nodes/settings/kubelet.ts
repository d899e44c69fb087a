import { sharedKubeletConfiguration } from '../../kubernetes/kubelet.ts';
import { pkiPath } from '../../replicas/paths.ts';
import { yamlText } from '../../util/text/yaml.ts';
import type { Taint } from '../config.ts';
import type { NodeHost } from '../host.ts';

/** `kubelet.yaml` */
export function kubeletConfiguration(options: {
  readonly serviceCidr: string;
  readonly taints: readonly Taint[];
  readonly providerId: string | null;
  readonly host: NodeHost;
}): string {
  const { host, taints, providerId } = options;
  const shared = sharedKubeletConfiguration(options.serviceCidr);
  return yamlText({
    ...shared,
    authentication: { ...(shared.authentication as object), x509: { clientCAFile: pkiPath('ca.crt') } },
    // haup's own certificate: the API server verifies kubelets, and nothing in Kubernetes approves what a kubelet asks for itself.
    tlsCertFile: pkiPath('kubelet.crt'),
    tlsPrivateKeyFile: pkiPath('kubelet.key'),
    // The runtime's must be the same. systemd cannot manage version 1 groups that it does not see.
    cgroupDriver: host.cgroups === 'v2' ? 'systemd' : 'cgroupfs',
    // Refuses version 1 otherwise (the default since 1.35).
    ...(host.cgroups === 'v1' ? { failCgroupV1: false } : {}),
    // In a machine that is a container the host's swap shows; pods do not get any.
    ...(host.confined ? { failSwapOn: false } : {}),
    resolvConf: host.resolvConf,
    ...(providerId === null ? {} : { providerID: providerId }),
    ...(taints.length === 0 ? {} : { registerWithTaints: taints }),
  });
}
