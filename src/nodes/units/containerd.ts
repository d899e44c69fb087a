import { configPath } from '../../replicas/paths.ts';
import { commandLine } from '../../replicas/units/unit.ts';
import { inNodeMounts } from '../paths.ts';
import { nodeUnit } from './names.ts';
import { nodeUnitFile } from './unit.ts';

/** `containerd.service`. `folder` holds its program, its shim and the CNI plugins; `mounts`: see node-mounts.ts. */
export function containerdUnit(options: { readonly folder: string; readonly mounts: boolean }): string {
  const command = commandLine(`${options.folder}/containerd`, { config: configPath('containerd.toml') });
  return nodeUnitFile({
    description: 'Container runtime',
    type: 'notify',
    ...(options.mounts ? { requires: [nodeUnit.mounts] } : {}),
    command: options.mounts ? `${inNodeMounts} ${command}` : command,
    service: [
      // Its main process is another than the one that systemd started, where a namespace is entered first.
      'NotifyAccess=all',
      // It finds its shim by PATH.
      `Environment=PATH=${options.folder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      // Pods' control groups are its own affair, and pods outlive it: a restart is no interruption.
      'Delegate=yes',
      'KillMode=process',
      'OOMScoreAdjust=-999',
    ],
  });
}
