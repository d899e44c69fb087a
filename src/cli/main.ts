#!/usr/bin/env node
/** The command `haup`. Help and version are answered before anything slow is loaded. */
import { Socket } from 'node:net';
import { type ProcessSurroundings, realWorld } from './terminal.ts';

// What is private is made so, file by file; what programs that we start make must be neither open to others nor closed to us.
process.umask(0o022);
// The AWS SDK tells users of Node 20 on their terminal what its versions of 2027 will need; ours is pinned.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

const world = realWorld();
// What is not in the hands of `run`, which says what is unfinished, has changed nothing.
const code = await answer(process.argv.slice(2)).catch(async (error) => {
  const { explain } = await import('./exit.ts');
  const { noWork } = await import('./output/display/progress.ts');
  const debug = process.argv.includes('--debug');
  const failure = explain(error, {
    debug,
    interrupted: false,
    work: noWork,
    command: undefined,
    cluster: undefined,
  });
  world.err.write(`${failure.lines.join('\n')}\n`);
  return failure.code;
});
await end(code, world);

async function answer(argv: string[]): Promise<number> {
  const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  if (own[0] === '--get-yargs-completions') {
    const { complete } = await import('./help/completion.ts');
    await Promise.race([complete(argv.slice(1), world), world.crashed]);
    return 0;
  }
  if (own.includes('--version')) {
    world.out.write((await import('./help/help.ts')).version());
    return 0;
  }
  if (argv.length === 0 || own[0] === 'help' || own.includes('--help') || own.includes('-h')) {
    const { help } = await import('./help/help.ts');
    return help(own, world.out, world.err);
  }
  if (own.includes('--debug')) process.setSourceMapsEnabled(true);
  const [{ run }, { abortOnSignals }] = await Promise.all([import('./run.ts'), import('./signals.ts')]);
  // Libraries talk to developers through Node's warnings; users get ours.
  if (!own.includes('--debug')) process.removeAllListeners('warning');
  return run(argv, world, abortOnSignals(world.env));
}

/** Connections that the engine keeps open must not keep the process alive; what was written must come out first. */
async function end(code: number, { err, lostOutput }: ProcessSurroundings): Promise<never> {
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  const lost = lostOutput();
  if (lost === null) process.exit(code);
  err.write(`haup: ${lost}; what was to be done went on, and ended with code ${code}\n`);
  await flushed(process.stderr);
  process.exit(code === 0 ? 5 : code);
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  // A file is written at once; and to write nothing to a full disk fails as well.
  if (!((stream as unknown) instanceof Socket)) return Promise.resolve();
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
