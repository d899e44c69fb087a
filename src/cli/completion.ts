import yargs, { type Argv, type FallbackCompletionFunction } from 'yargs';
import { commands } from './commands/index.ts';
import type { World } from './world.ts';

/** Prints the completion script for the shell that $SHELL (or, in zsh, $ZSH_NAME) names. */
export function printCompletionScript(): void {
  described([]).showCompletionScript();
}

/** Answers the completion script: `argv` begins with `--get-yargs-completions`. Names of clusters come from the store. */
export async function complete(
  argv: readonly string[],
  clusters: () => Promise<readonly string[]>,
): Promise<void> {
  const parser = described(argv).completion(
    'completion',
    async (...[, , byDefault, done]: Parameters<FallbackCompletionFunction>) => {
      if (['-c', '--cluster'].includes(argv.at(-2) ?? '')) done([...(await clusters().catch(() => []))]);
      else byDefault();
    },
  );
  await parser.parseAsync();
}

/** The names of the clusters in the default store, for `-c`. */
export async function clusterNames(world: World): Promise<string[]> {
  const engine = await world.openEngine({
    store: world.env.HAUP_STORE || `file://${world.env.HAUP_HOME || `${world.home}/.haup`}/clusters`,
    signal: new AbortController().signal,
    emit: () => {},
    timeoutMs: 5_000,
  });
  return (await engine.list()).map((cluster) => cluster.name);
}

/** yargs' own picture of the commands: it only serves completion, parsing is ours (input/argv.ts). */
function described(argv: readonly string[]): Argv {
  let parser: Argv = yargs([...argv])
    .scriptName('haup')
    .version(false)
    .help(false);
  for (const command of commands) {
    parser = parser.command(command.name, command.summary, (own) => {
      for (const flag of Object.values(command.flags)) {
        own.option(flag.name, {
          type: flag.value === null ? 'boolean' : 'string',
          describe: flag.help,
          ...(flag.short ? { alias: flag.short } : {}),
          ...(flag.choices ? { choices: [...flag.choices] } : {}),
        });
      }
      return own;
    });
  }
  return parser;
}
