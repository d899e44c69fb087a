import { configPath } from '../paths.ts';

export type Controller = 'kube-controller-manager' | 'kube-scheduler';

/**
 * What the units of the controller manager and the scheduler share, as lines of [Service]. Both elect their one active
 * instance by a lease, with the defaults of 15 s (lease), 10 s (renewal) and 2 s (retry): an election of etcd, 3 s with the
 * 7 s that a client of a dead leader waits, must not cost the lease. Nobody waits for a lease to run out where it can be
 * helped: it is given back after the process has ended, for whatever reason, and before it starts, in case the machine
 * lost its power in between.
 */
export function controllerService(controller: Controller): string[] {
  const release = `/bin/sh ${configPath('release-lease.sh')} ${controller}`;
  return [
    `ExecStartPre=-/bin/sh ${configPath('wait-for-api.sh')}`,
    `ExecStartPre=-${release}`,
    `ExecStopPost=-${release}`,
  ];
}
