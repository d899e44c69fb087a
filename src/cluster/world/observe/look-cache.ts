import { REUSE_MS } from '../../loop/converge.ts';
import { outdatedBy, type Step } from '../../plan/step.ts';
import { ANY_MACHINE } from '../../plan/steps/step-kind.ts';

/**
 * What was seen lately, and what the steps since have outdated of it: between two steps that follow each other at once most things need
 * no second look. `C`: what the cloud says; `I`: what a machine says of itself. etcd is always asked: a quorum hangs on it.
 */
export interface LookCache<C, I> {
  /**
   * Forgets what `since` has outdated, the steps that have had an effect since the last look, and what is older than
   * {@link REUSE_MS}; everything without `since`. What is kept was seen before any of those steps, and none of them changes it.
   */
  forget(since: readonly Step[] | undefined): void;
  /** What is known of the cloud; else what `look` says, which is then known as of now. A look that fails is not remembered. */
  cloud(look: () => Promise<C>): Promise<C>;
  /** The same of the machine `name`. */
  inside<T extends I>(name: string, look: () => Promise<T>): Promise<T>;
}

interface Seen<T> {
  /** When the look began: what changed meanwhile may not be in it. */
  readonly at: number;
  readonly what: T;
}

/** `now`: milliseconds; never goes back. */
export function lookCache<C, I>(now: () => number): LookCache<C, I> {
  let cloud: Seen<C> | undefined;
  const insides = new Map<string, Seen<I>>();
  const seen = async <T>(look: () => Promise<T>): Promise<Seen<T>> => ({ at: now(), what: await look() });
  return {
    forget(since) {
      const stale = now() - REUSE_MS;
      const outdated = since?.map(outdatedBy);
      const keeps = ({ at }: Seen<unknown>, name: string | null): boolean => {
        if (!outdated || at <= stale) return false;
        return !outdated.some((each) =>
          name === null ? each.cloud : each.inside === ANY_MACHINE || each.inside === name,
        );
      };
      if (cloud && !keeps(cloud, null)) cloud = undefined;
      for (const [name, inside] of insides) if (!keeps(inside, name)) insides.delete(name);
    },
    async cloud(look) {
      cloud ??= await seen(look);
      return cloud.what;
    },
    async inside<T extends I>(name: string, look: () => Promise<T>) {
      const known = insides.get(name);
      if (known) return known.what as T;
      const fresh = await seen(look);
      insides.set(name, fresh);
      return fresh.what;
    },
  };
}
