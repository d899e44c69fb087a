/**
 * One idempotent action, as data. What a step does and what it leaves behind is said once here, simulated in
 * `plan/simulate.ts` and done for real in `world/execute/`.
 */
export type Step =
  /** Firewall rules, bridge, security groups; after a reboot of the local provider's host, all of it again. */
  | { readonly kind: 'ensure-network' }
  | { readonly kind: 'reserve-address' }
  | { readonly kind: 'create-machine'; readonly replica: string; readonly zone: string }
  | { readonly kind: 'start-machine'; readonly replica: string }
  /** Host key replaced, certificates, units and configuration in place; nothing started. */
  | { readonly kind: 'provision'; readonly replica: string }
  /** The first member of a new etcd; resolves when it answers, and remembers that the cluster exists. */
  | { readonly kind: 'bootstrap-etcd'; readonly replica: string }
  | { readonly kind: 'add-learner'; readonly replica: string }
  /** Starts etcd of a listed member; a data directory of another member id is emptied first. */
  | { readonly kind: 'start-etcd'; readonly replica: string }
  /** Starts etcd again where a voter's data is (`haup repair`). Several at once: none serves before a majority does. */
  | { readonly kind: 'restart-etcd'; readonly replica: string }
  /** Waits until the learner has caught up; one that misses its time limit is removed and the step fails. */
  | { readonly kind: 'promote'; readonly replica: string }
  /** To one that stays: a leaver would only have to pass it on. */
  | { readonly kind: 'move-leader'; readonly replica: string; readonly to: string }
  | { readonly kind: 'remove-member'; readonly replica: string; readonly member: string }
  /** API server, controller manager, scheduler; resolves when all are ready. */
  | { readonly kind: 'start-control-plane'; readonly replica: string }
  | { readonly kind: 'stop-controllers'; readonly replica: string }
  /** Drains: the API server finishes what it has accepted. */
  | { readonly kind: 'stop-api-server'; readonly replica: string }
  /** A serving certificate that has the balancer's DNS name on it; the API server takes it up while it runs. */
  | { readonly kind: 'name-balancer'; readonly replica: string }
  | { readonly kind: 'ensure-balancer'; readonly zones: readonly string[] }
  /** Resolves when those that came are healthy and those that went are drained. */
  | { readonly kind: 'set-targets'; readonly targets: readonly string[] }
  /** The API address moves. `replica` null: to the balancer. */
  | { readonly kind: 'hand-over'; readonly replica: string | null }
  | { readonly kind: 'delete-balancer' }
  | { readonly kind: 'delete-machine'; readonly replica: string }
  | { readonly kind: 'release-address' }
  | { readonly kind: 'delete-network' };

/** Identifies a step: the same action on the same thing. */
export function stepKey(step: Step): string {
  return JSON.stringify(step);
}

/** What a step works on. Steps that share a thing never run at once; all changes of etcd's membership share `etcd`. */
export function touches(step: Step): string[] {
  switch (step.kind) {
    case 'ensure-network':
    case 'delete-network':
      return ['network'];
    case 'reserve-address':
    case 'release-address':
      return ['address'];
    case 'ensure-balancer':
    case 'set-targets':
    case 'delete-balancer':
      return ['balancer'];
    case 'hand-over':
      return ['address', 'balancer'];
    case 'bootstrap-etcd':
    case 'add-learner':
    // It is given the list of members as it is then, which must not change before the newcomer has read it.
    case 'start-etcd':
    case 'promote':
    case 'move-leader':
    case 'remove-member':
      return ['etcd', step.replica];
    default:
      return [step.replica];
  }
}

/** One line for an operator: "create the machine demo-master in local-a". */
export function describe(step: Step): string {
  switch (step.kind) {
    case 'ensure-network':
      return 'set up the network and its rules';
    case 'reserve-address':
      return 'reserve the API address';
    case 'create-machine':
      return `create the machine ${step.replica} in ${step.zone}`;
    case 'start-machine':
      return `start the machine ${step.replica}`;
    case 'provision':
      return `provision ${step.replica}`;
    case 'bootstrap-etcd':
      return `bootstrap etcd on ${step.replica}`;
    case 'add-learner':
      return `add ${step.replica} to etcd as a learner`;
    case 'start-etcd':
      return `start etcd on ${step.replica}`;
    case 'restart-etcd':
      return `start etcd again on ${step.replica}`;
    case 'promote':
      return `promote ${step.replica} to a voter of etcd`;
    case 'move-leader':
      return `move the etcd leadership from ${step.replica} to ${step.to}`;
    case 'remove-member':
      return `remove ${step.replica} from etcd`;
    case 'start-control-plane':
      return `start the control plane on ${step.replica}`;
    case 'stop-controllers':
      return `stop controller manager and scheduler on ${step.replica}`;
    case 'stop-api-server':
      return `drain and stop the API server on ${step.replica}`;
    case 'name-balancer':
      return `put the load balancer's DNS name on the certificate of ${step.replica}`;
    case 'ensure-balancer':
      return `build the load balancer in ${step.zones.join(', ')}`;
    case 'set-targets':
      return `set the load balancer's targets to ${step.targets.join(', ') || 'none'}`;
    case 'hand-over':
      return `move the API address to ${step.replica ?? 'the load balancer'}`;
    case 'delete-balancer':
      return 'delete the load balancer';
    case 'delete-machine':
      return `delete the machine ${step.replica}`;
    case 'release-address':
      return 'release the API address';
    case 'delete-network':
      return 'delete the network rules';
  }
}
