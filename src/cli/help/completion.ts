import type { Command } from '../command.ts';
import { commands } from '../commands/index.ts';
import { commandAt, inNamespace } from '../find-command.ts';
import { defaultStore } from '../home.ts';
import type { Surroundings } from '../surroundings.ts';

/** Answers the completion script: what the last of `words` may become, one a line. `words` begin with `haup`. */
export async function complete(words: readonly string[], world: Surroundings): Promise<void> {
  const found = await candidates(words.slice(1), () => clusterNames(world));
  world.out.write(found.map((word) => `${word}\n`).join(''));
}

/** Names of commands, flags, what a flag may hold, and, after -c, the clusters in the store. */
export async function candidates(
  words: readonly string[],
  clusters: () => Promise<readonly string[]>,
): Promise<string[]> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const [place, command] = placeIn(before);
  const known = command ? Object.values(command.flags) : commands.flatMap((one) => Object.values(one.flags));
  const open = known.find(
    (flag) => flag.value !== null && [`--${flag.name}`, `-${flag.short}`].includes(before.at(-1) ?? ''),
  );
  const all = async () => {
    if (open) return open.name === 'cluster' ? clusters().catch(() => []) : (open.choices ?? []);
    if (current.startsWith('-')) return [...new Set(known.map((flag) => `--${flag.name}`)), '--help'];
    if (!command) return [...new Set(nextWords(place))];
    return command.operands[0]?.choices ?? [];
  };
  return (await all()).filter((word) => word.startsWith(current));
}

/** How far the words have come: the namespace or command that they name, and the command if it is one. */
function placeIn(words: readonly string[]): [string, Command | undefined] {
  for (const [at, word] of words.entries()) {
    const found = commandAt(words.slice(at), commands);
    if (found) return [found.command.name, found.command];
    if (inNamespace(word, commands).length > 0) return [word, undefined];
  }
  return ['', undefined];
}

/** What may follow a namespace, or be a command's first word. */
function nextWords(namespace: string): string[] {
  if (namespace === '') return commands.map((one) => one.name.split(' ')[0]!);
  return inNamespace(namespace, commands).map((one) => one.name.slice(namespace.length + 1));
}

/** The clusters in the default store, or in the one that HAUP_STORE names. */
async function clusterNames(world: Surroundings): Promise<string[]> {
  const engine = await world.openEngine({
    environment: world.env,
    store: world.env.HAUP_STORE || defaultStore(world),
    storeIdentity: null,
    signal: new AbortController().signal,
    emit: () => {},
    timeoutMs: 5_000,
  });
  return (await engine.list()).clusters.map((cluster) => cluster.name);
}
