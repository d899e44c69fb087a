import { pkiPath } from '../paths.ts';

/**
 * A shell function `api`: curl to this machine's API server as `kube-apiserver-kubelet-client`, the one administrator
 * whose key a master holds anyway. The arguments are curl's; the address follows from `$base`.
 */
export function apiClient(apiPort: number, seconds: number): string {
  return `base=https://127.0.0.1:${apiPort}
api() {
  curl -sS -m ${seconds} --cacert ${pkiPath('ca.crt')} --cert ${pkiPath('apiserver-kubelet-client.crt')} \\
    --key ${pkiPath('apiserver-kubelet-client.key')} "$@"
}
`;
}
