#!/usr/bin/env node
/** The command `haup`. Help and version are answered before anything slow is loaded. */

// What is private is made so, file by file; what programs that we start make must be neither open to others nor closed to us.
process.umask(0o022);

const argv = process.argv.slice(2);
const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;

if (own[0] === '--get-yargs-completions') {
  const [{ complete }, { realWorld }] = await Promise.all([
    import('./completion.ts'),
    import('./terminal.ts'),
  ]);
  await complete(argv.slice(1), realWorld());
} else if (own.includes('--version')) {
  process.stdout.write((await import('./help.ts')).version());
} else if (argv.length === 0 || own[0] === 'help' || own.includes('--help') || own.includes('-h')) {
  const { help } = await import('./help.ts');
  process.exitCode = help(own, process.stdout, process.stderr);
} else {
  const [{ run }, { realWorld }, { abortOnSignals }] = await Promise.all([
    import('./run.ts'),
    import('./terminal.ts'),
    import('./signals.ts'),
  ]);
  // Libraries talk to developers through Node's warnings; users get ours.
  if (!own.includes('--debug')) process.removeAllListeners('warning');
  const code = await run(argv, realWorld(), abortOnSignals());
  // Connections that the engine keeps open must not keep the process alive; what was written must come out first.
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  process.exit(code);
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
