/**
 * The few things that a bucket must do for a store: read one object as it is now, write it only where nobody else has,
 * remove it, list. S3 and Google Cloud Storage promise all of it, strongly consistent, in one region or many.
 */
export interface Objects {
  /** null when there is no such object. */
  get(key: string): Promise<Seen | null>;
  /**
   * Writes the object if it is still the version that was seen, or if there is none (`null`); returns its new version, or null
   * where somebody else was first. That may have been ourselves: a first try that arrived and whose reply was lost.
   */
  put(key: string, text: string, over: string | null): Promise<string | null>;
  /** Nothing to remove is no error. */
  remove(key: string): Promise<void>;
  /** The keys below a prefix, complete, sorted. */
  list(prefix: string): Promise<string[]>;
}

/** How often something is written again that somebody else changed meanwhile, before the bucket is not believed any more. */
export const PERSISTENCE = 100;
/** Of an object: a cluster with its secrets and the manifests of its add-ons. */
export const OBJECT_LIMIT = 32 * 1024 * 1024;
/** For one call with all of its repetitions. */
export const CALL_MS = 60_000;

/** An object as one answer of the bucket showed it. */
export interface Seen {
  readonly text: string;
  /** What a conditional write names: S3's ETag, GCS' generation. */
  readonly version: string;
  /**
   * How long ago it was written, by the bucket's own clock at both ends: milliseconds, in whole seconds. No other clock
   * says anything about it.
   */
  readonly age: number;
}

/** Two times of one answer's header, as HTTP writes them (RFC 9110, 5.6.7), as the age of what it brings. */
export function ageOf(now: string | undefined, written: string | undefined): number {
  const age = Date.parse(now ?? '') - Date.parse(written ?? '');
  return Number.isFinite(age) ? Math.max(0, age) : 0; // without a time it is as new as can be: nobody's lease has ended
}
