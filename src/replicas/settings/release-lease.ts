import { shellScript } from '../../ssh/script.ts';
import { pkiFolder } from '../paths.ts';

/** Longer than the two seconds after which a living holder has renewed its lease (the default retry period). */
const RENEWED_SECONDS = 3;

const script = shellScript('replicas/scripts/release-lease.sh', ['pki', 'api_port', 'pause']);

/**
 * `release-lease.sh <lease>`: gives up a leader election lease that a process of this machine held. Run after that
 * process has ended, or before it begins. The controller manager does not do this itself (its feature gate
 * ControllerManagerReleaseLeaderElectionLockOnExit is alpha in 1.37 and off), and neither does a process that crashed:
 * without it the others wait for 15 s. It is run by the process's own user, as somebody who may do this and nothing else.
 *
 * A holder's name begins with its host's, which another machine may have as well. What tells a dead holder from one that lives
 * is that its lease is not renewed any more: given up is only what has stood still, down to its resourceVersion.
 */
export function releaseLeaseScript(apiPort: number): string {
  return script({ pki: pkiFolder, api_port: apiPort, pause: RENEWED_SECONDS });
}
