import { type Remedies, type Remedy, remedyList } from './remedy.ts';

/** What a failure means for whoever asked: decides the exit code. */
export type FailureKind =
  /** What was asked for, or this host, cannot be: wrong usage, wrong input, a preflight that failed. */
  | 'input'
  /** Refused for safety; nothing was changed. */
  | 'refused'
  /** Another haup is at work. */
  | 'busy'
  /** The cloud, a machine or this disk failed us. */
  | 'trouble'
  /** What was named does not exist. */
  | 'not-found'
  /** The user stopped it. */
  | 'interrupted'
  /** A mistake in haup. */
  | 'defect';

/**
 * What every error that users read extends; anything else that is thrown is a defect of haup. The message never holds a secret. A
 * class with kinds of its own maps each to a kind of failure in a total table.
 */
export abstract class Failure extends Error {
  abstract readonly failure: FailureKind;
  /** What an operator could do about it, the best first. */
  readonly remedies: readonly Remedy[];

  constructor(
    message: string,
    options: { readonly advice?: Remedies | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.remedies = remedyList(options.advice ?? []);
  }

  /** The remedies that are words; null without any. */
  get advice(): string | null {
    return this.remedies.filter((remedy) => typeof remedy === 'string').join('; ') || null;
  }
}

/** What was thrown, in its own words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
