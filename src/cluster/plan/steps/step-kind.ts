import type { Observation } from '../../model/observation.ts';

/** What has to be looked at again after a step, because the step changes it. etcd always is: a quorum hangs on it. */
export interface Outdated {
  /** Machines, address, balancer, network. */
  readonly cloud: boolean;
  /** The machine whose word of itself is another now; {@link ANY_MACHINE} where the step does not say which. */
  readonly inside: string | null;
}

/** No machine can have this name. */
export const ANY_MACHINE = '*';

/**
 * A kind of step: one idempotent action, as data, and all that can be said of it without doing it. Who does it for real is the
 * executor of the same kind in `world/steps/`. Everything here is pure.
 */
export interface StepKind<S> {
  /** One line for an operator: "create the machine demo-master in local-a". */
  readonly describe: (step: S) => string;
  /** What it works on. Steps that share a thing never run at once; all changes of etcd's membership share `etcd`. */
  readonly touches: (step: S) => readonly string[];
  readonly outdates: (step: S) => Outdated;
  /** The observation after the step, had it succeeded: the twin of its executor. */
  readonly simulate: (step: S, before: Observation) => Observation;
}

/** A step on one replica. */
export interface ReplicaStep<K extends string> {
  readonly kind: K;
  readonly replica: string;
}

/** A step on one node. */
export interface NodeStep<K extends string> {
  readonly kind: K;
  readonly node: string;
}

/** A step on what the cluster has once. */
export interface ClusterStep<K extends string> {
  readonly kind: K;
}

/** Looked at again after what changes something in the cloud that is no machine's inside. */
export function cloud(): Outdated {
  return { cloud: true, inside: null };
}

export function inside({ replica }: { readonly replica: string }): Outdated {
  return { cloud: false, inside: replica };
}

export function machine({ replica }: { readonly replica: string }): Outdated {
  return { cloud: true, inside: replica };
}

/** Address or balancer, and what the machines behind them have been given for it. */
export function cloudAndInsides(): Outdated {
  return { cloud: true, inside: ANY_MACHINE };
}

/** Nothing but etcd. */
export function etcdAlone(): Outdated {
  return { cloud: false, inside: null };
}

export function itsReplica({ replica }: { readonly replica: string }): readonly string[] {
  return [replica];
}

/** Its replica, and the one membership that all share. */
export function membership({ replica }: { readonly replica: string }): readonly string[] {
  return ['etcd', replica];
}

export function itsNode({ node }: { readonly node: string }): readonly string[] {
  return [node];
}

/** The way to its pods. */
export function itsRoute({ node }: { readonly node: string }): readonly string[] {
  return [`route ${node}`];
}

export function nodeInside({ node }: { readonly node: string }): Outdated {
  return { cloud: false, inside: node };
}

export function nodeMachine({ node }: { readonly node: string }): Outdated {
  return { cloud: true, inside: node };
}
