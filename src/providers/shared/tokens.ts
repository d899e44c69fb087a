import { createHash, randomBytes } from 'node:crypto';

/** 64 hex digits that depend on all parts and their boundaries: an EC2 client token (at most 64 ASCII characters). */
export function tokenFor(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** A UUID that depends on all parts and their boundaries. Never the zero UUID, which GCE refuses. */
export function uuidFor(...parts: readonly string[]): string {
  const hex = tokenFor(...parts);
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`;
}

/**
 * A UUID for one logical call on a resource: make one, use it in every retry of that call, and make another after any
 * terminal answer. The generation is random: clouds remember tokens, and one that repeated in 1→2→1→2 would make the
 * second call do nothing. After a crash the resource's name is what prevents a second one, so nothing need be kept.
 */
export function freshToken(uid: string, resource: string): string {
  return uuidFor(uid, resource, randomBytes(16).toString('hex'));
}
