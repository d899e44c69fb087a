import type { Observation } from '../../src/cluster/model/observation.ts';
import type { ClusterSpec } from '../../src/cluster/model/spec.ts';
import type { Revision, SeenCertificate, WantedRevision } from '../../src/replicas/revision/revision.ts';
import { converged } from './clusters.ts';

export const emptyRevision: Revision & WantedRevision = {
  ...{ kubernetesVersion: '', etcdVersion: '', digest: '', configuration: {}, trust: {}, keys: {} },
  certificates: [],
};

/** A certificate of which the dates matter, RFC 3339. */
export function certificateOf(
  file: string,
  notBefore: string,
  notAfter: string,
  change: Partial<SeenCertificate> = {},
): SeenCertificate {
  const fixed = { commonName: file, issuer: '', issuedBy: null, names: [], authority: false };
  return { ...fixed, file, notBefore, notAfter, ...change };
}

/** As it is, with what each replica has and what it should have: the spec's versions, or units of which `changed` are others. */
export function seen(spec: ClusterSpec, now: ClusterSpec, changed: readonly string[] = []): Observation {
  const of = ({ kubernetesVersion, etcdVersion }: ClusterSpec, unit: string) => ({
    ...{ ...emptyRevision, kubernetesVersion, etcdVersion },
    configuration: Object.fromEntries(changed.map((path) => [path, unit])),
  });
  const o = converged(spec);
  return {
    ...o,
    machines: o.machines.map((machine) => ({
      ...machine,
      inside: { ...machine.inside!, revision: of(spec, 'old') },
    })),
    wanted: Object.fromEntries(now.replicas.map(({ name }) => [name, of(now, 'new')])),
  };
}
