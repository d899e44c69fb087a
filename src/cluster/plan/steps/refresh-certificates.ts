import type { SeenCertificate } from '../../../replicas/revision/revision.ts';
import { rfc3339 } from '../../../util/text/rfc3339.ts';
import { machineOf, type Observation } from '../../model/observation.ts';
import { listed } from '../revision/report.ts';
import { withInside } from './effects.ts';
import { inside, itsReplica, type ReplicaStep, type StepKind } from './step-kind.ts';

/** New certificates while everything runs: who reads them once is started again, controllers alone, and etcd and API server go on. */
export interface RefreshCertificates extends ReplicaStep<'refresh-certificates'> {
  /** Below the folder of certificates, each with its key: `apiserver.crt`, `scheduler.conf`. */
  readonly files: readonly string[];
}

export const refreshCertificates: StepKind<RefreshCertificates> = {
  describe: ({ replica, files }) => `renew certificates of ${replica}: ${listed(files)}`,
  touches: itsReplica,
  outdates: inside,
  simulate: ({ replica, files }, before) => refreshed(before, replica, files),
};

function refreshed(o: Observation, replica: string, files: readonly string[]): Observation {
  const was = machineOf(o, replica)?.inside;
  if (!was?.revision || was.certificateExpires === null || was.certificateSecondsLeft === null) return o;
  const now = Date.parse(was.certificateExpires) - 1000 * was.certificateSecondsLeft;
  // Long after all others, so that nobody asks for them again.
  const life = { notBefore: rfc3339(now), notAfter: '9999-01-01T00:00:00Z' };
  const certificates = was.revision.certificates.map(
    (certificate): SeenCertificate =>
      files.includes(certificate.file) ? { ...certificate, ...life } : certificate,
  );
  const first = certificates.map(({ notAfter }) => notAfter).sort()[0]!;
  return withInside(o, replica, {
    revision: { ...was.revision, certificates },
    certificateExpires: first,
    certificateSecondsLeft: (Date.parse(first) - now) / 1000,
  });
}
