/** What systemd knows of a unit. `disabled`: haup does not want it to run (yet, or any more) on this machine. */
export type UnitState = 'disabled' | 'stopped' | 'running';

/** What a machine says of itself over SSH, in one command. */
export interface Inside {
  /** Every file that a replica needs is in place, for this cluster and this name. False on an empty disk. */
  readonly provisioned: boolean;
  /** etcd's data directory holds a member. */
  readonly etcdData: boolean;
  readonly etcd: UnitState;
  /** `running` becomes `ready` or `unready` by /readyz. */
  readonly apiServer: 'disabled' | 'stopped' | 'unready' | 'ready';
  /** Controller manager and scheduler: `running` only if both run. */
  readonly controllers: UnitState;
  /** RFC 3339; null before provisioning. */
  readonly certificateExpires: string | null;
}
