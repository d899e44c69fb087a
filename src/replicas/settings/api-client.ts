import { curl } from '../curl.ts';
import { pkiPath } from '../paths.ts';

/**
 * A shell function `api`: curl to this machine's API server. The arguments are curl's; the address follows from `$base`.
 * @param as whose certificate: a file of src/pki's without its ending, or a word of the shell that says it.
 */
export function apiClient(apiPort: number, seconds: number, as: string): string {
  return `base=https://127.0.0.1:${apiPort}
api() {
  ${curl} -sS -m ${seconds} --cacert ${pkiPath('ca.crt')} --cert ${pkiPath(`${as}.crt`)} --key ${pkiPath(`${as}.key`)} "$@"
}
`;
}
