/** What `haup upgrade` makes of a spec. Pure: throws what speaks against it. */
import { Refusal } from '../model/errors.ts';
import { type ClusterSpec, type Revisable, revisable } from '../model/spec.ts';
import { compareVersions, minorOf } from '../model/versions.ts';

/** Absent: as it is. */
export interface Versions {
  readonly kubernetesVersion?: string | undefined;
  readonly etcdVersion?: string | undefined;
}

/** etcd 3.7 takes members in from this release on (etcd's own upgrade guide). */
const ETCD_BEFORE_37 = 'v3.6.11';
/** API servers may be so many minors newer than a kubelet (Kubernetes' version skew policy). */
const KUBELET_SKEW = 3;

/** A patch release, or the next minor. Undefined: it has these versions. */
export function upgraded(spec: ClusterSpec, wish: Versions): Revisable | undefined {
  const { kubernetesVersion = spec.kubernetesVersion, etcdVersion = spec.etcdVersion } = wish;
  const kubernetes = compareVersions(kubernetesVersion, spec.kubernetesVersion);
  const etcd = compareVersions(etcdVersion, spec.etcdVersion);
  if (kubernetes === 0 && etcd === 0) return undefined;
  if (kubernetes < 0 || etcd < 0) throw downgrade(spec, kubernetes < 0 ? kubernetesVersion : etcdVersion);
  const minors = minorOf(kubernetesVersion) - minorOf(spec.kubernetesVersion);
  if (minors > 1) {
    const next = `1.${minorOf(spec.kubernetesVersion) + 1}`;
    throw new Refusal(
      `Kubernetes goes up one minor at a time: from ${spec.kubernetesVersion} to ${next}, not to ${kubernetesVersion}`,
      { to: 'take the next minor first', setting: 'kubernetesVersion', example: next },
    );
  }
  if (minors > 0 && emulatedMinor(spec)) throw finalizeFirst(spec, `to ${kubernetesVersion}`);
  const etcdMinors = minorOf(etcdVersion) - minorOf(spec.etcdVersion);
  if (etcdMinors > 0) {
    if (minors > 0 || emulatedMinor(spec)) throw etcdAlone(spec, etcdVersion);
    if (compareVersions(spec.etcdVersion, ETCD_BEFORE_37) < 0) {
      throw new Refusal(
        `etcd ${spec.etcdVersion} may not become ${etcdVersion} before it is ${ETCD_BEFORE_37} or newer`,
        {
          to: 'take a newer release of its own minor first',
          setting: 'etcdVersion',
          example: ETCD_BEFORE_37,
        },
      );
    }
  }
  const { wayBack: earlier, ...present } = revisable(spec);
  const next = { ...present, kubernetesVersion, etcdVersion };
  // While the old minor is emulated the way back still leads there; otherwise to what there is now, and no further.
  const wayBack = emulatedMinor(spec)
    ? earlier
    : { kubernetesVersion: spec.kubernetesVersion, etcdVersion: spec.etcdVersion };
  // etcd's data of a new minor is not read by the old one.
  return etcdMinors > 0 ? next : { ...next, wayBack };
}

/** Back to where the upgrade came from. */
export function rolledBack(spec: ClusterSpec): Revisable {
  const { wayBack, ...present } = revisable(spec);
  if (!wayBack) {
    throw new Refusal(
      `${spec.name} has no upgrade to go back from: there was none, or it was finalized`,
      'a version that has been finalized is left only by a restore of a backup',
    );
  }
  return { ...present, ...wayBack };
}

/** The new version in full, and no way back. Undefined: that is so already. */
export function finalized(spec: ClusterSpec): Revisable | undefined {
  const { wayBack, ...present } = revisable(spec);
  return wayBack ? present : undefined;
}

/** Of an older minor than the programs': what they behave like while an upgrade can go back. */
export function emulatedMinor({
  wayBack,
  kubernetesVersion,
}: Pick<ClusterSpec, 'wayBack' | 'kubernetesVersion'>): string | null {
  if (!wayBack || minorOf(wayBack.kubernetesVersion) >= minorOf(kubernetesVersion)) return null;
  return `1.${minorOf(wayBack.kubernetesVersion)}`;
}

interface VersionedNode {
  readonly name: string;
  readonly version: string | null;
}

/** What speaks against API servers of this version, which must not serve some of the kubelets that there are; undefined: nothing does. */
export function kubeletsRefuse(
  spec: Pick<ClusterSpec, 'name' | 'kubernetesVersion' | 'nodes'>,
  version: string,
  nodes: readonly VersionedNode[],
): Refusal | undefined {
  const apart = kubeletsApart(version, nodes);
  if (apart.length === 0) return undefined;
  const message = `${version} would be too far from the kubelets of ${apart.join(', ')}: they may be up to three minors older than the API server, and not newer`;
  if (compareVersions(version, spec.kubernetesVersion) >= 0)
    return new Refusal(message, 'replace those nodes first, or upgrade them');
  // A node that is made before the masters go back gets the version that they still have.
  const newer = nodes.filter((node) => kubeletsApart(version, [node]).length > 0).map(({ name }) => name);
  const own = newer.filter((name) => spec.nodes.some((node) => node.name === name));
  const others = newer.filter((name) => !own.includes(name));
  return new Refusal(message, [
    ...(own.length > 0
      ? [{ to: 'remove those first', command: 'remove-node', cluster: spec.name, replicas: own } as const]
      : []),
    ...others.map((name) => `let ${name} leave first (kubectl delete node ${name}; kubeadm reset there)`),
    { to: 'then go back', command: 'upgrade', cluster: spec.name, switches: ['rollback'] },
    'add nodes afterwards: they get the version that the masters have by then',
  ]);
}

/** Whose kubelet API servers of this version must not serve: too old for them, or newer than they are. */
export function kubeletsApart(kubernetesVersion: string, nodes: readonly VersionedNode[]): string[] {
  return nodes.flatMap(({ name, version }) => {
    // Of what says no version nothing is known, and no comparison holds.
    const ahead = minorOf(kubernetesVersion) - minorOf(version ?? '');
    return ahead > KUBELET_SKEW || ahead < 0 ? [`${name} (${version})`] : [];
  });
}

function downgrade(spec: ClusterSpec, version: string): Refusal {
  const { wayBack } = spec;
  return new Refusal(
    `${version} is older than what ${spec.name} has: what newer programs have stored, older ones may not be able to read`,
    wayBack
      ? {
          to: `go back to ${wayBack.kubernetesVersion}`,
          command: 'upgrade',
          cluster: spec.name,
          switches: ['rollback'],
        }
      : 'an older version is reached only by a restore of a backup into a new cluster',
  );
}

function finalizeFirst(spec: ClusterSpec, what: string): Refusal {
  return new Refusal(
    `the upgrade to ${spec.kubernetesVersion} can still go back, so nothing goes on ${what}`,
    {
      to: 'end that first',
      command: 'upgrade',
      cluster: spec.name,
      switches: ['finalize'],
    },
  );
}

function etcdAlone(spec: ClusterSpec, etcdVersion: string): Refusal {
  return new Refusal(
    `a new minor of etcd (${etcdVersion}) is a step of its own: there is no way back from it, as there is from a new minor of Kubernetes`,
    {
      to: 'upgrade Kubernetes first and end that',
      command: 'upgrade',
      cluster: spec.name,
      switches: ['finalize'],
    },
  );
}
