import { Failure } from '../util/failure.ts';

/** A folder of manifests that haup cannot take: which file, and what is wrong with it. Exit code 2. */
export class AddonError extends Failure {
  override readonly name = 'AddonError';
  readonly failure = 'input';
}
