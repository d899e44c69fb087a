import { Failure } from '../util/failure.ts';
import type { Remedies } from '../util/remedy.ts';

/** A pod that could not be moved, and what keeps it. */
export interface Blocker {
  readonly namespace: string;
  readonly pod: string;
  /** The disruption budget that refuses, or null where another thing keeps the pod. */
  readonly budget: string | null;
  /** As a sentence, in the API server's words where it has any. */
  readonly why: string;
}

/** A node's pods could not all be moved away. Exit code 3 where a person has to decide. */
export class DrainError extends Failure {
  override readonly name = 'DrainError';
  readonly failure = 'refused';
  readonly blockers: readonly Blocker[];

  /** @param advice unless given, to force it. */
  constructor(node: string, blockers: readonly Blocker[], advice: Remedies = byForce(node)) {
    const shown = blockers
      .slice(0, 5)
      .map(
        ({ namespace, pod, budget, why }) =>
          `${namespace}/${pod}${budget === null ? '' : ` (disruption budget ${budget})`}: ${why}`,
      );
    const more = blockers.length > shown.length ? `; and ${blockers.length - shown.length} more` : '';
    super(`${node} could not be drained: ${shown.join('; ')}${more}`, { advice });
    this.blockers = blockers;
  }
}

function byForce(node: string): Remedies {
  return { to: 'end them all the same', command: 'remove-node', replicas: [node], switches: ['force'] };
}
