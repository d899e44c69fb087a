import { programsOf } from '../artifacts/sources.ts';
import { digest, installRelease } from '../replicas/provision/release.ts';
import type { Waiting } from '../replicas/waiting.ts';
import { shellScript } from '../ssh/script.ts';
import type { Session } from '../ssh/session.ts';
import type { NodeConfig } from './config.ts';
import { nodeFiles } from './files.ts';
import { inspectHost } from './host.ts';
import type { NodeMarker } from './marker.ts';
import { startRuntime } from './start.ts';

/** The distribution's packages that a node needs besides an SSH server, by a program of each. */
const PACKAGES = { runc: 'runc', nft: 'nftables', modprobe: 'kmod', curl: 'curl' } as const;

const packagesScript = shellScript('nodes/scripts/packages.sh');

/**
 * Makes a machine a node, in one command after one look: packages, programs, certificates, configuration and units are in place and
 * on the disk when this returns. On a new machine the container runtime is starting then, which needs nobody's credentials; nothing else is.
 * Can be repeated; the files of a release take effect all at once.
 * @throws ReplicaError when the machine cannot hold it (a full disk, a missing program); SshError
 */
export async function provisionNode(
  session: Session,
  config: NodeConfig,
  waiting: Waiting = {},
): Promise<void> {
  const host = await inspectHost(session, waiting.signal);
  const files = nodeFiles(config, host);
  const { uid, name, apiAddress, kubernetesVersion } = config;
  const marker: NodeMarker = {
    role: 'node',
    uid,
    name,
    digest: digest(files),
    apiAddress,
    kubernetesVersion,
  };
  const programs = programsOf('node');
  await installRelease(
    session,
    {
      name,
      files,
      binaries: config.binaries,
      programs,
      marker,
      prepare: packagesScript({}, Object.entries(PACKAGES).flat()),
      finish: startRuntime,
    },
    waiting,
  );
}
