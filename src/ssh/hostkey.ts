import { fingerprint, sameKey } from './keys.ts';

/** What is known of a machine's host key. Keys are public key lines. Belongs in the caller's store. */
export interface PinnedHostKey {
  readonly current: string;
  /** The key that the machine has made for itself and is about to show, or shows already. */
  readonly next?: string | undefined;
  /** Once true, another key is refused at once; until then it means "not yet". */
  readonly seen: boolean;
  /** True when the machine itself made `current`: no cloud has ever seen its private part. */
  readonly own?: boolean | undefined;
}

/** Where a pin is kept. `save` must be durable when it resolves. */
export interface PinRecord {
  read(): Promise<PinnedHostKey>;
  save(pin: PinnedHostKey): Promise<void>;
}

export type Verdict = 'accept' | 'not-yet' | 'refuse';

/** Judges a key that a machine shows. Pure. */
export function judgeHostKey(pin: PinnedHostKey, shown: Buffer): Verdict {
  if (isPinned(pin, shown)) return 'accept';
  return pin.seen ? 'refuse' : 'not-yet';
}

/** The pin after an authentic key was shown: it has been seen, and a `next` that is shown has become current. Pure. */
export function pinAfter(pin: PinnedHostKey, shown: Buffer): PinnedHostKey {
  if (pin.next !== undefined && sameKey(pin.next, shown)) return { current: pin.next, seen: true, own: true };
  return pin.seen ? pin : { ...pin, seen: true };
}

/** The pinned fingerprints, for messages. */
export function pinnedFingerprints(pin: PinnedHostKey): string {
  return keysOf(pin).map(fingerprint).join(' or ');
}

function isPinned(pin: PinnedHostKey, shown: Buffer): boolean {
  return keysOf(pin).some((key) => sameKey(key, shown));
}

function keysOf(pin: PinnedHostKey): string[] {
  return pin.next === undefined ? [pin.current] : [pin.current, pin.next];
}
