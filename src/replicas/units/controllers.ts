import { configPath } from '../paths.ts';

/**
 * What the units of the controller manager and the scheduler share. Both elect their one active instance by a lease,
 * with the defaults of 15 s (lease), 10 s (renewal) and 2 s (retry): an election of etcd, 3 s with the fixed 7 s that a client of a
 * dead leader waits, must not cost the lease. A planned stop does not wait for the lease to run out: it is released.
 */
export const leases = { 'kube-controller-manager': true, 'kube-scheduler': true } as const;

export type Controller = keyof typeof leases;

/** Gives the lease back after the process has ended, for whatever reason. `+`: as root, who may read the key. */
export function releaseLease(controller: Controller): string {
  return `ExecStopPost=-+/bin/sh ${configPath('release-lease.sh')} ${controller}`;
}
