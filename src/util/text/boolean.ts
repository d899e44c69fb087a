const YES = ['true', '1', 'yes', 'y', 'on'];
const NO = ['false', '0', 'no', 'n', 'off'];

/** As it would follow "must be". */
export const BOOLEANS = 'true or false (or 1/0, yes/no, y/n, on/off)';

/** What a word means, in any case; null for one that is none of {@link BOOLEANS}: whoever asks must refuse it, not guess. */
export function booleanOf(text: string): boolean | null {
  const word = text.toLowerCase();
  if (YES.includes(word)) return true;
  return NO.includes(word) ? false : null;
}
