import type { Step } from '../model/step.ts';

/** What has to be looked at again after a step, because it changes it. etcd always is: a quorum hangs on it. */
export interface Outdated {
  /** Machines, address, balancer, network. */
  readonly cloud: boolean;
  /** The machine whose word of itself is another now. */
  readonly inside: string | null;
}

export function outdatedBy(step: Step): Outdated {
  switch (step.kind) {
    case 'create-machine':
    case 'start-machine':
    case 'delete-machine':
      return { cloud: true, inside: step.replica };
    case 'provision':
    case 'bootstrap-etcd':
    case 'start-etcd':
    case 'restart-etcd':
    case 'start-control-plane':
    case 'stop-controllers':
    case 'stop-api-server':
    case 'name-balancer':
    // Its etcd ends by itself.
    case 'remove-member':
      return { cloud: false, inside: step.replica };
    case 'add-learner':
    case 'promote':
    case 'move-leader':
      return { cloud: false, inside: null };
    case 'ensure-network':
    case 'delete-network':
    case 'reserve-address':
    case 'release-address':
    case 'ensure-balancer':
    case 'set-targets':
    case 'delete-balancer':
    case 'hand-over':
      return { cloud: true, inside: null };
  }
}
