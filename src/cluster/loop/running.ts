import { type Step, stepKey, touches } from '../plan/step.ts';

/**
 * Says that a part of a step's effect can be observed. Resolves when it has been looked at: what the step does next may wait for
 * that, if it would get in the way of what can be done meanwhile.
 */
export type Halfway = () => Promise<void>;

/** Does a step: resolves when its effect can be observed. */
export type Execution = (halfway: Halfway) => Promise<void>;

interface Effect {
  readonly step: Step;
  readonly ended: boolean;
  readonly looked?: () => void;
}

export interface FailedStep {
  readonly step: Step;
  readonly error: unknown;
}

/**
 * The steps that run, and what they have had an effect on since the last look at the world began. A look takes a while: of
 * what a step changes meanwhile, it may say what was before.
 */
export class RunningSteps {
  readonly #running = new Map<string, { readonly step: Step; readonly ended: Promise<void> }>();
  readonly #succeeded = new Map<string, number>();
  #effects: Effect[] = [];
  /** Whose effects are being looked at. */
  #waiting: (() => void)[] = [];
  #failure: FailedStep | undefined;
  #wake = (): void => {};
  #over = false;

  get none(): boolean {
    return this.#running.size === 0;
  }

  /** The first that failed. */
  get failure(): FailedStep | undefined {
    return this.#failure;
  }

  /** How often this very step has succeeded. */
  successes(step: Step): number {
    return this.#succeeded.get(stepKey(step)) ?? 0;
  }

  /** True for a step that touches nothing that a running one touches. */
  leaves(step: Step): boolean {
    return ![...this.#running.values()].some((other) => share(step, other.step));
  }

  start(step: Step, work: Execution): void {
    const key = stepKey(step);
    const halfway = () => new Promise<void>((looked) => this.#tell({ step, ended: false, looked }));
    const ended = work(halfway)
      .then(
        () => {
          // With each replica that has been changed the same steps come again, for the next one.
          if (step.kind === 'change-release') this.#succeeded.clear();
          this.#succeeded.set(key, this.successes(step) + 1);
        },
        (error: unknown) => this.fail(step, error),
      )
      .then(() => {
        this.#running.delete(key);
        this.#tell({ step, ended: true });
      });
    this.#running.set(key, { step, ended });
  }

  fail(step: Step, error: unknown): void {
    this.#failure ??= { step, error };
  }

  /** Begins a look. Returns the steps that have had an effect, or a part of it, since the last one began. */
  lookBegins(): Step[] {
    const effects = this.#effects.map(({ step }) => step);
    this.#waiting = this.#effects.flatMap(({ looked }) => looked ?? []);
    this.#effects = [];
    return effects;
  }

  lookEnds(): void {
    for (const looked of this.#waiting) looked();
  }

  /** True when what the look says of the things of `step` may be of before: one that touches them has ended meanwhile. */
  hasOvertaken(step: Step): boolean {
    return this.#effects.some((effect) => effect.ended && share(step, effect.step));
  }

  /** Resolves when a step ends, or when one is half done: also when it was since the look began. */
  async news(): Promise<void> {
    if (this.#effects.some((effect) => !effect.ended)) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  /** There are no looks until then: nobody waits for one. */
  async allEnded(): Promise<void> {
    this.#over = true;
    this.lookEnds();
    for (const { looked } of this.#effects) looked?.();
    await Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  #tell(effect: Effect): void {
    this.#effects.push(effect);
    if (this.#over) effect.looked?.();
    this.#wake();
  }
}

function share(one: Step, other: Step): boolean {
  const things = new Set(touches(one));
  return touches(other).some((thing) => things.has(thing));
}
