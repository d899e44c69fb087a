import { machineOf } from '../model/observation.ts';
import type { Tools } from './tools.ts';

/** Where the other members reach the etcd of a replica. */
export function peerUrl(t: Tools, replica: string): string {
  return `https://${machineOf(t.seen(), replica)!.internalIp}:2380`;
}
