import type { Halfway } from '../../loop/running.ts';
import type { Step, StepOfKind } from '../../plan/steps/index.ts';
import type { Progress, Tools } from '../tools.ts';

/** Does a step of one kind for real: the twin of its `simulate`. Idempotent. Resolves when its effect can be observed. */
export type Executor<K extends Step['kind']> = (
  tools: Tools,
  step: StepOfKind<K>,
  progress: Progress,
  halfway: Halfway,
) => Promise<void>;
