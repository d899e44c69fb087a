import type { Call } from './command.ts';
import type { Flags } from './flag.ts';

/**
 * Whether the user types the cluster's name after the question: what follows cannot be taken back. Else says so.
 * @param nothing what was not done: `deleted`.
 */
export async function confirmedByName(
  { world, signal, settle }: Pick<Call<Flags>, 'world' | 'signal' | 'settle'>,
  cluster: string,
  question: string,
  nothing: string,
): Promise<boolean> {
  settle();
  const answer = await world.ask(question, signal);
  if (answer.trim() === cluster) return true;
  world.err.write(`haup: nothing was ${nothing}\n`);
  return false;
}
