import { ArtifactError } from './errors.ts';

interface Minor {
  /** As users write it: "1.37". */
  readonly minor: string;
  /** The release that the bare minor stands for: the newest that was known when haup was released. */
  readonly release: string;
  /** The newest patch release of the etcd minor that kubeadm of this Kubernetes minor installs (its DefaultEtcdVersion). */
  readonly etcd: string;
}

/** The last four minors, newest first. docs/versions.md says which of them were really run. */
export const SUPPORTED_MINORS = [
  { minor: '1.37', release: 'v1.37.1', etcd: 'v3.7.3' },
  { minor: '1.36', release: 'v1.36.4', etcd: 'v3.6.16' },
  { minor: '1.35', release: 'v1.35.8', etcd: 'v3.6.16' },
  { minor: '1.34', release: 'v1.34.10', etcd: 'v3.6.16' },
] as const satisfies readonly Minor[];

/**
 * What a node runs beside Kubernetes' own: the same with every supported minor. containerd 2.4 serves the CRI that kubelets of 1.34 to
 * 1.37 speak; crictl is for people on a node. CoreDNS and pause are those of kubeadm 1.37 (cmd/kubeadm/app/constants).
 */
export const NODE_VERSIONS = {
  containerd: 'v2.4.2',
  cniPlugins: 'v1.10.0',
  criTools: 'v1.37.0',
  coredns: 'v1.14.6',
  pause: '3.10.2',
} as const;

/** What `haup create` installs unless told otherwise: the newest that haup's own tests run. */
export const DEFAULT_KUBERNETES_VERSION: string = SUPPORTED_MINORS[0].release;

/**
 * Older etcd has no --max-learners, which haup sets on every member. Every supported Kubernetes takes either minor
 * (kubeadm's MinExternalEtcdVersion is 3.5.24 in all four).
 */
const ETCD_MINORS = ['3.6', '3.7'];

/**
 * "v1.36.2" from "v1.36.2" or "1.36.2"; from "1.36" or "v1.36", that minor's newest release that this haup knows.
 * @throws ArtifactError of kind usage that says what is accepted.
 */
export function parseKubernetesVersion(text: string): string {
  const [, name, patch] = /^v?(1\.(?:0|[1-9]\d{0,3}))(\.(?:0|[1-9]\d{0,3}))?$/.exec(text) ?? [];
  const known = SUPPORTED_MINORS.find((entry) => entry.minor === name);
  if (known) return patch === undefined ? known.release : `v${known.minor}${patch}`;
  const newest = SUPPORTED_MINORS[0];
  const oldest = SUPPORTED_MINORS.at(-1) ?? newest;
  throw new ArtifactError(
    'usage',
    `Kubernetes version ${shown(text)} is not supported: any release of ${oldest.minor} to ${newest.minor} is, ` +
      `such as ${newest.release}, or a minor alone, such as ${oldest.minor}`,
  );
}

/**
 * "v3.7.3" from "v3.7.3" or "3.7.3".
 * @throws ArtifactError of kind usage that says what is accepted.
 */
export function parseEtcdVersion(text: string): string {
  const [, minor, patch] = /^v?(3\.\d{1,2})(\.(?:0|[1-9]\d{0,3}))$/.exec(text) ?? [];
  if (minor !== undefined && ETCD_MINORS.includes(minor)) return `v${minor}${patch}`;
  throw new ArtifactError(
    'usage',
    `etcd version ${shown(text)} is not supported: any release of ${ETCD_MINORS.join(' and ')} is, such as ${SUPPORTED_MINORS[0].etcd}`,
  );
}

/** The etcd that goes with a Kubernetes release, such as "v3.7.3". Takes what {@link parseKubernetesVersion} takes. */
export function defaultEtcdVersion(kubernetesVersion: string): string {
  const version = parseKubernetesVersion(kubernetesVersion);
  return SUPPORTED_MINORS.find((entry) => version.startsWith(`v${entry.minor}.`))!.etcd;
}

/** Input can be of any length and hold anything; a message is one line. */
function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
