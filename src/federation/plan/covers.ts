import { isFields } from '../model/object.ts';

/**
 * Whether everything that is wanted is there. More may be: what the API server adds by itself, and what others added beside it. Lists of
 * objects are looked through for each wanted item; others must be the same.
 */
export function covers(actual: unknown, wanted: unknown): boolean {
  if (isFields(wanted)) {
    if (!isFields(actual)) return Object.keys(wanted).length === 0 && actual === undefined;
    return Object.entries(wanted).every(([key, value]) => covers(actual[key], value));
  }
  if (Array.isArray(wanted)) {
    if (!Array.isArray(actual)) return wanted.length === 0 && actual === undefined;
    if (!wanted.every(isFields))
      return wanted.length === actual.length && wanted.every((item, index) => covers(actual[index], item));
    return wanted.every(
      (item, index) => covers(actual[index], item) || actual.some((one) => covers(one, item)),
    );
  }
  return actual === wanted || (wanted === null && actual === undefined);
}
