import { X509Certificate } from 'node:crypto';
import { BACKDATING_MS } from './due.ts';
import { PkiError } from './errors.ts';

const minute = 60_000;
const day = 24 * 60 * minute;
const lifetime = { authority: 3650 * day, kubeletAuthority: 365 * day, leaf: 365 * day };
/**
 * The dates of a new certificate, in whole seconds. It never outlives its issuer: whoever verifies the chain would
 * refuse it then anyway, and its expiry is what we warn by.
 * @throws PkiError when the issuer has expired.
 */
export function validity(
  kind: keyof typeof lifetime | { readonly lifetimeMs: number },
  now: number,
  issuer?: X509Certificate,
): { notBefore: Date; notAfter: Date } {
  const life = typeof kind === 'string' ? lifetime[kind] : kind.lifetimeMs;
  const end = issuer ? Date.parse(issuer.validTo) : Number.POSITIVE_INFINITY;
  if (end <= now)
    throw new PkiError(`the authority ${issuer?.subject.split('\n').at(-1)} expired on ${issuer?.validTo}`, {
      kind: 'expired',
    });
  return { notBefore: second(now - BACKDATING_MS), notAfter: second(Math.min(now + life, end)) };
}

function second(ms: number): Date {
  return new Date(Math.floor(ms / 1000) * 1000);
}

export interface Life {
  readonly begins: Date;
  readonly ends: Date;
}

/** When a certificate (PEM) ends. @throws PkiError when it is not a certificate. */
export function expiresAt(certPem: string): Date {
  return lifeOf(certPem).ends;
}

/** From when to when a certificate (PEM) is good. @throws PkiError when it is not a certificate. */
export function lifeOf(certPem: string): Life {
  try {
    const { validFrom, validTo } = new X509Certificate(certPem);
    return { begins: new Date(validFrom), ends: new Date(validTo) };
  } catch (cause) {
    throw new PkiError('not a certificate in PEM', { cause });
  }
}

/** Whole days until a certificate (PEM) ends; negative once it has. `now`: milliseconds since the epoch. */
export function daysLeft(certPem: string, now: number): number {
  return Math.floor((expiresAt(certPem).getTime() - now) / day);
}
