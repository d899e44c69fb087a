/**
 * What a terminal would obey or not show, of text from machines, clouds and files: control characters (C0, C1), line and paragraph
 * separators, bidirectional and other format characters, what is ignorable (zero width, tags), surrogates without their other half,
 * private use, unassigned.
 */
const HOSTILE = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
const BREAKS = /[\p{Cc}\u2028\u2029]+/gu;
/** Stands for each of them that is no kind of blank. */
const REPLACEMENT = '\ufffd';

/** Text from elsewhere on one line of ours, fit for a terminal. */
export function safe(text: string): string {
  return text.replace(BREAKS, ' ').replace(HOSTILE, REPLACEMENT).trim();
}

/** A value with all of its texts {@link safe}: everything that comes from the engine, before any of it is written out. */
export function safeAll<T>(value: T): T {
  if (typeof value === 'string') return safe(value) as T;
  if (Array.isArray(value)) return value.map(safeAll) as T;
  // Only plain objects are documents; a Map, a Date or an error is left as it is.
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [safe(key), safeAll(each)])) as T;
}

/** The marks of style.ts, which are ours; a terminal obeys nothing else of what is written on it. */
const ESC = '\u001b';
const MARKS = new RegExp(`(${ESC}\\[(?:0|1|2|22|31|32|33|39)m)`);

/** The last net, under all that is written: whatever was not made {@link safe} before is here. Lines and tabs stay. */
export function screenText(text: string): string {
  return text
    .split(MARKS)
    .map((part, index) =>
      index % 2 === 1
        ? part
        : part
            .split(/([\n\t])/)
            .map(printable)
            .join(''),
    )
    .join('');
}

function printable(part: string): string {
  return part === '\n' || part === '\t' ? part : part.replace(HOSTILE, REPLACEMENT);
}

/** JSON for programs that a terminal may show too: the same value, with escapes for what is hostile. */
export function printableJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, null, indent);
  return text
    .split('\n')
    .map((line) => line.replace(HOSTILE, escaped))
    .join('\n');
}

/** `\u202e`; two of them for what is beyond 16 bits. */
function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('');
}

/** Whether a text has anything in it that {@link safe} would change for its being hostile. */
export function isHostile(text: string): boolean {
  return text.search(HOSTILE) >= 0;
}

/** YAML's escape, in double quotes only: by code point, where JSON has code units. */
export function yamlEscaped(text: string): string {
  return text
    .split('\n')
    .map((line) =>
      line.replace(HOSTILE, (character) => `\\U${character.codePointAt(0)!.toString(16).padStart(8, '0')}`),
    )
    .join('\n');
}
