import { CLUSTER_DOMAIN } from '../kubernetes/kubelet.ts';

/** Further server blocks, out of the ConfigMap coredns-custom, which is nobody's but the user's and federations'. */
const CUSTOM_SERVERS = '/etc/coredns-custom/*.server';

/**
 * CoreDNS' configuration, as kubeadm's but for `loop`, which ends the process where a machine's resolver is a loopback address: those are
 * never handed to pods here. Without a resolver there is nobody to forward to, and CoreDNS would not start with an empty list.
 */
export function corefile({ resolver }: { readonly resolver: boolean }): string {
  const forward = resolver
    ? `    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
`
    : '';
  return `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes ${CLUSTER_DOMAIN} in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
${forward}    cache 30
    reload
    loadbalance
}
import ${CUSTOM_SERVERS}
`;
}
