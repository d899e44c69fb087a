import { PAUSE_IMAGE } from '../../artifacts/images/names.ts';
import { CONTAINERD_SOCKET } from '../../kubernetes/kubelet.ts';
import type { NodeHost } from '../host.ts';
import { nodePaths } from '../paths.ts';

/** Plugins that need kernels or programs which haup's machines do not have; each would say so at every start. */
const DISABLED = [
  'io.containerd.snapshotter.v1.blockfile',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.zfs',
  'io.containerd.snapshotter.v1.erofs',
  'io.containerd.nri.v1.nri',
  'io.containerd.tracing.processor.v1.otlp',
];

/** `containerd.toml`, version 3 (containerd 2). `folder` holds the CNI plugins of haup's. */
export function containerdConfig(host: NodeHost, folder: string): string {
  const text = JSON.stringify;
  return `# See src/nodes/settings/containerd.ts
version = 3
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = [
${DISABLED.map((plugin) => `  ${text(plugin)},`).join('\n')}
]

[grpc]
  address = ${text(CONTAINERD_SOCKET)}

[plugins."io.containerd.cri.v1.images"]
  snapshotter = "overlayfs"
  # The image of the process that holds a pod's namespaces; pinned, so that no garbage collection takes it.
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = ${text(PAUSE_IMAGE)}
  # Where an administrator names mirrors of registries (REGISTRY/hosts.toml). containerd's default, two folders in one string, is taken
  # for the name of one by the transfer service, which pulls.
  [plugins."io.containerd.cri.v1.images".registry]
    config_path = "/etc/containerd/certs.d"

[plugins."io.containerd.cri.v1.runtime"]
  enable_selinux = false
  # A machine that is a container can neither load profiles nor give a pod a better OOM score than it has itself.
  disable_apparmor = ${host.confined}
  restrict_oom_score_adj = ${host.confined}
  [plugins."io.containerd.cri.v1.runtime".cni]
    # The second is where other networks' daemons put their plugins.
    bin_dirs = [${text(folder)}, "/opt/cni/bin"]
    conf_dir = ${text(nodePaths.cniConfig)}
  [plugins."io.containerd.cri.v1.runtime".containerd]
    default_runtime_name = "runc"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
        # The distribution's: it has seccomp, without which no pod starts.
        BinaryName = "/usr/sbin/runc"
        SystemdCgroup = ${host.cgroups === 'v2'}
`;
}
