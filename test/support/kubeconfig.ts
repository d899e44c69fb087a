import { parse } from 'yaml';
import type { ApiClient } from '../../src/kubernetes/client.ts';

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[];
}

/** The way to the API that a kubeconfig describes. */
export function clientFrom(kubeconfig: string): ApiClient {
  const config = parse(kubeconfig) as Kubeconfig;
  const text = (base64: string): string => Buffer.from(base64, 'base64').toString();
  const { server, 'certificate-authority-data': ca } = config.clusters[0]!.cluster;
  const user = config.users[0]!.user;
  const url = new URL(server);
  return {
    ip: url.hostname,
    port: Number(url.port || 443),
    caPem: text(ca),
    certPem: text(user['client-certificate-data']),
    keyPem: text(user['client-key-data']),
  };
}
