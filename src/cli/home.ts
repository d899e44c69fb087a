import { storeUrl } from '../state/url.ts';
import { UsageError } from './errors.ts';
import type { Surroundings } from './surroundings.ts';

/** The store where none is named. @throws UsageError where there is no place for it. */
export function defaultStore(world: Pick<Surroundings, 'env' | 'home'>): string {
  if (world.env.HAUP_HOME) return storeUrl(world.env.HAUP_HOME);
  return storeUrl(`${homeOr(world, 'HAUP_HOME')}/.haup`);
}

/** The home folder. @throws UsageError that says what may be set instead of HOME. */
export function homeOr({ home }: Pick<Surroundings, 'home'>, variable: string): string {
  if (home !== null) return home;
  throw new UsageError(
    `there is no home folder: neither HOME nor this user's entry in passwd says one; set ${variable}`,
  );
}
