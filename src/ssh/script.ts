import { posix } from 'node:path';
import { shellFile } from '../util/shell-file.ts';
import { shellQuote } from './quote.ts';

/** Makes the text of a script with its inputs in place. `words` become its arguments ("$@"). */
export type Script<Input extends string> = (
  inputs: Readonly<Record<Input, string | number>>,
  words?: readonly string[],
) => string;

const SHEBANG = /^#!.*\n/;
const INCLUDE = /^\. (\.\S+)\n/gm;
const DECLARATION = /^: ("\$\{\w+\?\}" ?)+$/gm;

/**
 * A POSIX shell script for machines, from a file of src. What it needs it declares in a line `: "${name?}" …`, which the shell and
 * shellcheck understand as well; a line `. ./other.sh` is replaced by that file. Inputs are no place for secrets: what is run
 * may be seen by all. They go over standard input.
 * @param path below src: `replicas/scripts/stop.sh`.
 * @param inputs all that the script and what it includes declare. @throws Error where the two differ
 */
export function shellScript<const Input extends string = never>(
  path: string,
  inputs: readonly Input[] = [],
): Script<Input> {
  const text = withIncluded(path);
  const declared = new Set((text.match(DECLARATION) ?? []).flatMap((line) => line.match(/\w+(?=\?)/g) ?? []));
  const known = new Set<string>(inputs);
  const wrong = [...declared, ...known].find((name) => !(declared.has(name) && known.has(name)));
  if (wrong !== undefined)
    throw new Error(`${path}: the input ${wrong} is ${known.has(wrong) ? 'not declared' : 'not given'}`);
  const [shebang = ''] = SHEBANG.exec(text) ?? [];
  return (values, words = []) =>
    [
      shebang,
      ...inputs.map((name) => `${name}=${shellQuote(String(values[name]))}\n`),
      ...(words.length > 0 ? [`set -- ${words.map(shellQuote).join(' ')}\n`] : []),
      text.slice(shebang.length),
    ].join('');
}

function withIncluded(path: string): string {
  return shellFile(path).replace(INCLUDE, (_, other: string) =>
    withIncluded(posix.join(posix.dirname(path), other)).replace(SHEBANG, ''),
  );
}
