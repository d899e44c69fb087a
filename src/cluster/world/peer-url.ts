import { peerUrl } from '../../etcd/peer-url.ts';
import { machineOf, type Observation } from '../model/observation.ts';

type Machines = Pick<Observation, 'machines'>;

/** The peer URL of a replica, whose machine was seen. */
export function peerUrlOf(seen: Observation, replica: string): string {
  return peerUrl(machineOf(seen, replica)!.internalIp);
}

/** The replica that has one of these peer URLs: of a member that has not started it is all that says whose it is. */
export function ownerOf({ machines }: Machines, peerUrls: readonly string[]): string | undefined {
  return machines.find(({ internalIp }) => peerUrls.includes(peerUrl(internalIp)))?.name;
}
