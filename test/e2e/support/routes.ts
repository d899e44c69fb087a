import { fabricNamespace } from '../../../src/providers/local/names.ts';
import { execIn } from '../../../src/providers/local/netns.ts';
import { clusterKey } from '../../../src/providers/local/paths.ts';

/** Leads the packets for a node's pods to it. */
export async function routePods(
  { cluster, uid }: { cluster: string; uid: string },
  internalIp: string,
  podCidr: string,
): Promise<void> {
  const namespace = fabricNamespace(clusterKey({ name: cluster, uid }));
  const port = `p${internalIp.replaceAll('.', '-')}`;
  await execIn(namespace, ['ip', 'route', 'replace', podCidr, 'via', internalIp, 'dev', port, 'onlink']);
  const rules = await execIn(namespace, ['nft', 'list', 'chain', 'ip', 'haup', 'pass']);
  if (rules.includes('10250')) return;
  const allowed = `add rule ip haup pass ip saddr 10.128.0.0/16 ip daddr 10.128.0.0/16 tcp dport 10250 accept
add rule ip haup pass ip saddr { 10.128.0.0/16, 10.244.0.0/16 } ip daddr 10.244.0.0/16 accept
`;
  await execIn(namespace, ['nft', '-f', '-'], allowed);
}
