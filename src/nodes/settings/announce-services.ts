import { ANNOUNCE_EVERY_SECONDS, ANNOUNCE_PORT } from '../../providers/service-announcements.ts';
import { shellScript } from '../../ssh/script.ts';

const script = shellScript('nodes/scripts/announce-services.sh', ['prefix', 'port', 'every_seconds']);

/**
 * `announce-services.sh`: which Services' addresses this node answers for, said again and again to whatever leads their range to nodes
 * (see `ServiceAddresses`): a cloud's balancer would ask for it (a Service's `healthCheckNodePort`). What kube-proxy has written is what is true
 * of this node: with `externalTrafficPolicy: Local` it has somebody to send connections to only where a pod is ready here.
 * @param range `198.18.7.192/26`, within one /24
 */
export function announceServicesScript(range: string): string {
  const prefix = range.replace(/\d+\/\d+$/, '');
  return script({ prefix, port: ANNOUNCE_PORT, every_seconds: ANNOUNCE_EVERY_SECONDS });
}
