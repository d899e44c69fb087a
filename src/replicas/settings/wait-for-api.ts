import { shellScript } from '../../ssh/script.ts';
import { pkiFolder } from '../paths.ts';

const SECONDS = 30;

const script = shellScript('replicas/scripts/wait-for-api.sh', ['pki', 'api_port', 'seconds']);

/**
 * `wait-for-api.sh`: waits until this machine's API server is ready, for half a minute at most. The API server reports that it
 * serves before it knows its own roles; a controller that asks then is refused, and ends.
 */
export function waitForApiScript(apiPort: number): string {
  return script({ pki: pkiFolder, api_port: apiPort, seconds: SECONDS });
}
