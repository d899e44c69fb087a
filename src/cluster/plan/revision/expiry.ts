import { isDue } from '../../../pki/due.ts';
import type { SeenCertificate } from '../../../replicas/revision/revision.ts';
import { machineOf, type Observation } from '../../model/observation.ts';

/** How far a certificate's life has gone. `seconds` until it ends, by the clock of the machine that shows it; negative once it has. */
export interface Expiry {
  readonly certificate: SeenCertificate;
  readonly seconds: number;
  /** It has ended, or less than a third of its life is left; or it has not begun: it was made by a clock that was ahead. */
  readonly due: boolean;
}

/** Of every certificate on a replica, the one that ends first, first. Empty where nobody could look. */
export function expiries(o: Observation, replica: string): Expiry[] {
  const inside = machineOf(o, replica)?.inside;
  if (!inside?.revision || inside.certificateExpires === null || inside.certificateSecondsLeft === null)
    return [];
  // What the machine said of the first of them tells its clock.
  const now = Date.parse(inside.certificateExpires) - 1000 * inside.certificateSecondsLeft;
  return inside.revision.certificates
    .map((certificate) => expiryOf(certificate, now))
    .sort((a, b) => a.seconds - b.seconds);
}

/** @param now milliseconds since the epoch. */
export function expiryOf(certificate: SeenCertificate, now: number): Expiry {
  const [begins, ends] = [Date.parse(certificate.notBefore), Date.parse(certificate.notAfter)];
  return {
    certificate,
    seconds: Math.floor((ends - now) / 1000),
    due: isDue(begins, ends, now) || begins > now,
  };
}
