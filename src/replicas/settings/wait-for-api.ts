import { curl } from '../curl.ts';
import { pkiPath } from '../paths.ts';

const SECONDS = 30;

/**
 * `wait-for-api.sh`: waits until this machine's API server is ready, for half a minute at most. The API server reports that it
 * serves before it knows its own roles; a controller that asks then is refused, and ends.
 */
export function waitForApiScript(apiPort: number): string {
  return `# See src/replicas/settings/wait-for-api.ts
for look in $(seq ${SECONDS * 10}); do
  ${curl} -sf -m 2 -o /dev/null --cacert ${pkiPath('ca.crt')} https://127.0.0.1:${apiPort}/readyz && exit 0
  sleep 0.1
done
`;
}
