import { pkiPath } from '../../replicas/paths.ts';
import { yamlText } from '../../util/text/yaml.ts';

/** `kube-proxy.yaml` */
export function kubeProxyConfiguration(options: {
  readonly name: string;
  readonly clusterCidr: string;
}): string {
  return yamlText({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    // Needs no iptables program, and its work does not grow with the number of services.
    mode: 'nftables',
    clientConnection: { kubeconfig: pkiPath('kube-proxy.conf') },
    hostnameOverride: options.name,
    // What does not come from a pod is masqueraded on its way to a service's pod.
    detectLocalMode: 'ClusterCIDR',
    clusterCIDR: options.clusterCidr,
    // The table's size is the host's in a machine that is a container, and sized by memory anyway.
    conntrack: { maxPerCore: 0, min: 0 },
  });
}
