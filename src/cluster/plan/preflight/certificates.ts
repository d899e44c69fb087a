import { EXPIRING_SECONDS, expiring } from '../rules/renewing.ts';
import type { Preflight } from './preflight.ts';

/** A certificate that ends while something is changed stops it wherever it is then. */
export const certificatesLast: Preflight = (v) => {
  const names = expiring(v).map((replica) => replica.name);
  if (names.length === 0) return undefined;
  return {
    message: `certificates of ${names.join(', ')} have expired, or do within ${EXPIRING_SECONDS / 3600} h`,
    advice: { to: 'renew them first', command: 'repair', cluster: v.spec.name },
  };
};
