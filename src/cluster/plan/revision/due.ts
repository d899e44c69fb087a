import type { NodeInside } from '../../../nodes/inspect.ts';
import { isDue as isLate } from '../../../pki/due.ts';
import type { Observation } from '../../model/observation.ts';
import { type Expiry, expiries } from './expiry.ts';

/** Which certificates are to be new. `begunBefore`, RFC 3339: those too whose life began before, whatever is left of it. */
export interface Renewal {
  readonly begunBefore?: string;
}

/** Authorities for kubelets live no longer than leaves, and are renewed with the key that they have. */
const SHORT_LIVED = /^kubelet-(client|serving)-ca(-\d+)?$/;

/** The files on a replica in which a certificate is to be renewed, each once, the one that ends first first. */
export function dueFiles(o: Observation, replica: string, renewal: Renewal): string[] {
  const due = expiries(o, replica).filter((expiry) => isDue(expiry, renewal));
  return [...new Set(due.map(({ certificate }) => certificate.file))];
}

function isDue({ certificate, due }: Expiry, { begunBefore }: Renewal): boolean {
  // The other authorities live for ten years; who exchanges one exchanges what everybody believes.
  if (certificate.authority) return due && SHORT_LIVED.test(certificate.commonName);
  return due || (begunBefore !== undefined && certificate.notBefore < begunBefore);
}

/** Whether a node's certificates are to be new: the kubelet's for serving, and kube-proxy's, which is as old. */
export function isNodeDue(inside: NodeInside, { begunBefore }: Renewal): boolean {
  const { servingCertificateBegins: begins, servingCertificateExpires: ends } = inside;
  if (begins === null || ends === null || inside.servingCertificateSecondsLeft === null) return false;
  const now = Date.parse(ends) - 1000 * inside.servingCertificateSecondsLeft;
  const due = isLate(Date.parse(begins), Date.parse(ends), now) || Date.parse(begins) > now;
  return due || (begunBefore !== undefined && begins < begunBefore);
}
