/** What could not be confirmed without an account, switchable both ways; haup must pass either way. */
export interface UnsureRules {
  /** Whether a resource can be read while the operation that makes it runs, or only from its end on. */
  readonly insertVisible: 'at-once' | 'at-end';
  /** Whether a refusal over something in use comes as the answer, or as the operation's end. */
  readonly inUse: 'answer' | 'operation';
  /** Whether `getHealth` names the rule's IP in each entry. */
  readonly healthNamesRule: boolean;
  /** Whether a passthrough target's health is of each forwarding rule, or any rule gives it to all. */
  readonly healthPerRule: boolean;
  /** Whether an address goes on counting as in use for some seconds after its user has let go of it. */
  readonly lingeringUse: boolean;
  /**
   * How an address in use is refused: with a code of its own, or as an invalid value, in words alone (kubernetes/ingress-gce,
   * addressAlreadyInUseMessageExternal and …Internal).
   */
  readonly addressInUse: 'ipInUse' | 'invalid';
  /** How the deletion of an access config that is not there is refused. */
  readonly missingAccessConfig: 404 | 400;
  /** Whether a second deletion of something that is being deleted is refused as not ready, or joins the first. */
  readonly secondDelete: 'resourceNotReady' | 'joins';
  /** What has become of an instance whose deletion ended in an error: it runs on, or was stopped already. */
  readonly failedDeletion: 'runs' | 'stopped';
}

export const usual: UnsureRules = {
  insertVisible: 'at-once',
  inUse: 'answer',
  healthNamesRule: true,
  healthPerRule: true,
  lingeringUse: false,
  addressInUse: 'ipInUse',
  missingAccessConfig: 400,
  secondDelete: 'resourceNotReady',
  failedDeletion: 'runs',
};

/** The other reading of every unsure rule. */
export const unusual: UnsureRules = {
  insertVisible: 'at-end',
  inUse: 'operation',
  healthNamesRule: false,
  healthPerRule: false,
  lingeringUse: true,
  addressInUse: 'invalid',
  missingAccessConfig: 404,
  secondDelete: 'joins',
  failedDeletion: 'stopped',
};

/** How long operations take, in milliseconds: by method, or `default`. */
export type Delays = Readonly<Record<string, number>>;

/** As seen of late: a forwarding rule takes 2 to 10 s (kubernetes/cloud-provider-gcp#1168), most things a second or two. */
export const usualDelays: Delays = {
  default: 1500,
  'forwardingRules.insert': 4000,
  'forwardingRules.delete': 4000,
  'instances.insert': 8000,
  'instances.delete': 20_000,
  'instances.start': 6000,
  'instances.stop': 12_000,
  'instances.reset': 4000,
  'instances.addAccessConfig': 800,
  'instances.deleteAccessConfig': 800,
  /** From a rule's appearance until the guest agent has added its address on the VM. */
  guestAgent: 3000,
  /** From then until the first probes have made the target healthy. */
  firstProbes: 2500,
  /** How long an address lingers in use. */
  lingering: 2000,
};
