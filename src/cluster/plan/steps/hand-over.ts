import type { Receiver } from '../../../providers/provider.ts';
import { machineOf, type Observation } from '../../model/observation.ts';
import { certificateNames, withInside } from './effects.ts';
import { cloud, cloudAndInsides, type StepKind } from './step-kind.ts';

/** The API address moves. */
export interface HandOver {
  readonly kind: 'hand-over';
  readonly to: Receiver;
}

export const handOver: StepKind<HandOver> = {
  describe: ({ to }) => `move the API address to ${to.kind === 'machine' ? to.name : 'the load balancer'}`,
  touches: () => ['address', 'balancer'],
  outdates: ({ to }) => (to.kind === 'balancer' ? cloudAndInsides() : cloud()),
  simulate: ({ to }, before) => {
    const after = before.address ? { ...before, address: { ip: before.address.ip, holder: to } } : before;
    return to.kind === 'balancer' ? named(after) : after;
  },
};

/** The balancer's name is put on the certificates of all targets before it gets the address. */
function named(o: Observation): Observation {
  const targets = o.balancer?.targets ?? [];
  return targets
    .filter(({ replica }) => machineOf(o, replica)?.inside)
    .reduce((after, { replica }) => withInside(after, replica, { certificateNames: certificateNames(o) }), o);
}
