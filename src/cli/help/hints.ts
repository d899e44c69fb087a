import { shellQuote } from '../../ssh/quote.ts';
import { commands } from '../commands/index.ts';

export interface Typed {
  readonly cluster: string | undefined;
  /** As the user gave it on the command line; undefined: where the next command finds it by itself. */
  readonly store: string | undefined;
}

const aboutCluster = commands.filter((one) => 'cluster' in one.flags).map((one) => one.name);
const inStore = commands.map((one) => one.name).filter((name) => name !== 'completion');
/** A command of ours in a sentence, and all up to where the next begins or it ends. */
const HINT = new RegExp(
  `\\bhaup (${inStore.join('|')})(?![\\w-]| was )([^;\`\\n]*?)(?=\\bhaup |[;\`\\n]|$)`,
  'g',
);

/** The sentence with its commands made complete: whoever copies one changes the cluster that was meant, in the store that was meant. */
export function withWholeCommands(sentence: string, { cluster, store }: Typed): string {
  return sentence.replace(HINT, (_, name: string, rest: string) => {
    const named = / (-c|--cluster)[ =]/.test(rest) || !aboutCluster.includes(name) || cluster === undefined;
    const found = / --store[ =]/.test(rest) || store === undefined;
    const more = [named ? '' : ` -c ${shellQuote(cluster)}`, found ? '' : ` --store ${shellQuote(store)}`];
    return `haup ${name}${more.join('')}${rest}`;
  });
}
