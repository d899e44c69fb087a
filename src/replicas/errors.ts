import { Failure } from '../util/failure.ts';

/** A replica's inside failed: which replica, which part, what it logged last. Never contains a secret. */
export class ReplicaError extends Failure {
  override readonly name = 'ReplicaError';
  readonly failure = 'trouble';
}
