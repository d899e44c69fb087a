import { configPath } from '../../replicas/paths.ts';
import { nodeUnitFile } from './unit.ts';

/**
 * `node-mounts.service`: a process that holds the mount namespace in which containerd, the kubelet and all pods live, where the
 * machine's own will not do (settings/node-mounts.ts says why). They must share it: what the kubelet mounts must reach pods.
 */
export function nodeMountsUnit(): string {
  return nodeUnitFile({
    description: 'The mounts that pods live among',
    type: 'notify',
    command: `unshare --mount --propagation slave /bin/sh ${configPath('node-mounts.sh')}`,
    service: ['NotifyAccess=all'],
  });
}
