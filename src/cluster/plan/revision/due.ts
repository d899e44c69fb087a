import type { Observation } from '../../model/observation.ts';
import { type Expiry, expiries } from './expiry.ts';

/** Which certificates are to be new. `begunBefore`, RFC 3339: those too whose life began before, whatever is left of it. */
export interface Renewal {
  readonly begunBefore?: string;
}

/** Authorities for kubelets live no longer than leaves, and are renewed with the key that they have. */
const SHORT_LIVED: ReadonlySet<string> = new Set(['kubelet-client-ca', 'kubelet-serving-ca']);

/** The files on a replica in which a certificate is to be renewed, each once, the one that ends first first. */
export function dueFiles(o: Observation, replica: string, renewal: Renewal): string[] {
  const due = expiries(o, replica).filter((expiry) => isDue(expiry, renewal));
  return [...new Set(due.map(({ certificate }) => certificate.file))];
}

function isDue({ certificate, due }: Expiry, { begunBefore }: Renewal): boolean {
  // The other authorities live for ten years; who exchanges one exchanges what everybody believes.
  if (certificate.authority) return due && SHORT_LIVED.has(certificate.commonName);
  return due || (begunBefore !== undefined && certificate.notBefore < begunBefore);
}
