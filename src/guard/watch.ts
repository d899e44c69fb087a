import type { Duty, GuardMemory } from '../cluster/model/guard.ts';
import type { Observation } from '../cluster/model/observation.ts';
import type { ClusterSpec } from '../cluster/model/spec.ts';

/** What a guard decides from: what should be, what is, and what was seen before. */
export interface Watch {
  readonly spec: ClusterSpec;
  readonly observation: Observation;
  /** With this look in it. */
  readonly memory: GuardMemory;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** How long a replica has to be dead before it is replaced. */
  readonly afterMs: number;
  /** The zones to which a replica may go whose own is out; empty: such a one is waited for. */
  readonly elsewhere: readonly string[];
}

/** What should be done, or why it is waited. */
export type Opinion =
  | {
      readonly kind: 'act';
      readonly duty: Duty;
      readonly replica: string | null;
      readonly reason: string;
      /** Whoever goes to another zone together, by name, that replica among them; absent: nobody. */
      readonly moves?: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'wait'; readonly reason: string };

export type GuardAct = Extract<Opinion, { readonly kind: 'act' }>;

/** One trouble, and what is to be done about it; null: there is none of this kind. Pure. */
export type Rule = (watch: Watch) => Opinion | null;

export function wait(reason: string): Opinion {
  return { kind: 'wait', reason };
}
