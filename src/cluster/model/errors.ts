import { Failure, messageOf } from '../../util/failure.ts';
import type { Remedies } from '../../util/remedy.ts';
import { byNearness } from '../../util/text/nearest.ts';

/** Refused for safety: what, why, and the way out. Nothing was changed. */
export class Refusal extends Failure {
  override readonly name = 'Refusal';
  readonly failure = 'refused';

  constructor(message: string, advice: Remedies) {
    super(message, { advice });
  }
}

/** Wrong input that only the cluster's state shows to be wrong. */
export class InputError extends Failure {
  override readonly name = 'InputError';
  readonly failure = 'input';
}

/** One thing that is wrong with a document. */
export interface Fault {
  /** Where: keys, from the outermost. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  /** Where it is an error of its own, with a way out. */
  readonly cause?: Error;
}

/** All that is wrong with a document, at once. */
export class DocumentFaults extends Failure {
  override readonly name = 'DocumentFaults';
  readonly failure = 'input';
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    super(faults.map(({ path, message }) => `${path.join('.') || 'the document'}: ${message}`).join('\n'));
    this.faults = faults;
  }
}

/** No such cluster, replica or zone. */
export class NotFoundError extends Failure {
  override readonly name = 'NotFoundError';
  readonly failure = 'not-found';
  /** What exists, nearest name first. */
  readonly nearest: readonly string[];

  constructor(what: string, name: string, existing: readonly string[]) {
    const nearest = byNearness(name, existing).slice(0, 3);
    super(
      `no ${what} named ${JSON.stringify(name)}${nearest.length ? `; there is ${nearest.join(', ')}` : ''}`,
    );
    this.nearest = nearest;
  }
}

/** A change of the replicas failed at the first of them, and they are as they were before, as is what is wanted of them. */
export class ChangeUndone extends Failure {
  override readonly name = 'ChangeUndone';
  readonly failure = 'trouble';

  /** @param first that had been changed, and was put back; null: it had not got so far. */
  constructor(cause: StepError, first: string | null) {
    const put =
      first === null ? 'no replica was changed' : `${first} was put back, the others were never touched`;
    super(`${cause.message}\n${put}; what is wanted of them is as before`, {
      cause,
      advice: cause.remedies.filter(
        (remedy) => typeof remedy === 'string' || !('command' in remedy) || remedy.command !== 'repair',
      ),
    });
  }
}

/** A step failed: which, why, and what state that left. */
export class StepError extends Failure {
  override readonly name = 'StepError';
  readonly failure = 'trouble';

  constructor(doing: string, cause: unknown, advice: Remedies) {
    super(`could not ${doing}: ${messageOf(cause)}`, { cause, advice });
  }
}
