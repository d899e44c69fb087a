/** The API calls of one of haup's operations, as its steps make them in one process. */
export interface CallCount {
  readonly cloud: string;
  readonly operation: string;
  /** The methods that were called, in order, without polling. */
  readonly calls: readonly string[];
  /** What was asked again until something had come about. */
  readonly polling: number;
  /**
   * The least that the API allows: the calls without which the same resources could not be made under haup's promises.
   * They are: ids are in no file of ours; nothing is made twice, whatever reply was lost; nothing of somebody else's is
   * touched; the new owner of the API address is proven to serve before it gets it; nothing rests on a change that has
   * not been seen to have taken effect.
   */
  readonly least: readonly string[];
}

/** haup is to make at most that many times the least. */
export const BOUND = 1.5;

/** `times` the same calls: what is to be done for each of several things. */
export function each(times: number, ...calls: readonly string[]): readonly string[] {
  return Array.from({ length: times }, () => calls).flat();
}
