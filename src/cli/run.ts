import type { Engine } from '../app/engine.ts';
import type { HaupEvent } from '../cluster/loop/events.ts';
import { messageOf } from '../util/failure.ts';
import type { Call, Command, Source } from './command.ts';
import { commands } from './commands/index.ts';
import { explain } from './exit.ts';
import type { Flag, Flags, Values } from './flag.ts';
import type { common } from './flags.ts';
import { defaultStore } from './home.ts';
import { type Arguments, readArguments } from './input/argv.ts';
import { type Resolved, resolveFlags, type Setting } from './input/resolve.ts';
import { openDisplay } from './output/display/open-display.ts';
import { noWork } from './output/display/progress.ts';
import { printableJson, safe, safeAll } from './output/safe.ts';
import { openRecorder } from './report/record.ts';
import type { Surroundings } from './surroundings.ts';

/** Does what the command line says. Returns the exit code; every error has become one, and lines on standard error. */
export async function run(
  argv: readonly string[],
  world: Surroundings,
  signal: AbortSignal,
): Promise<number> {
  let debug = argv.includes('--debug');
  let json = false;
  let name: string | undefined;
  let cluster: string | undefined;
  let store: string | undefined;
  let left = () => noWork;
  let report = async (_error: string | null): Promise<void> => {};
  let settle = () => {};
  try {
    const { arguments_, resolved } = await readInput(argv, world, signal);
    const { command, operands, rest } = arguments_;
    const document = await command.document?.(resolved.values);
    const inDocument = resolved.sources.cluster === 'default' ? document?.cluster() : undefined;
    const named = command.operands[0]?.isCluster ? operands[0] : inDocument;
    const values = { ...resolved.values, ...(named === undefined ? {} : { cluster: named }) };
    const flags = values as Values<typeof common> & {
      cluster?: string;
      dryRun?: boolean;
      changeReport?: string;
    };
    debug = flags.debug;
    // What is left of a deletion is finished by haup delete.
    const deletes =
      command.name === 'kube-down' && (flags as { deleteNodes?: boolean }).deleteNodes !== false;
    name = deletes ? 'delete' : command.name;
    json = flags.logFormat === 'json';
    cluster = flags.cluster;
    const sources = resolved.sources as Readonly<Record<string, Source>>;
    // A file that only this command was pointed to is not found by the next one.
    if (sources.store === 'flag' || (sources.store === 'file' && sources.config === 'flag'))
      store = flags.store;
    const display = openDisplay(flags.logFormat, `haup ${command.name} ${cluster ?? ''}`.trim(), world);
    left = display.left;
    settle = display.settle;
    signal.addEventListener('abort', () => {
      if (left().doing.length === 0) return;
      display.emit({ type: 'warning', message: 'stopping; once more ends it at once' });
    });
    // A dry run's plan is its answer: it is not announced as well.
    const recorder = flags.changeReport === undefined ? null : openRecorder(flags.changeReport, world.now);
    const about = { command: command.name, cluster: cluster ?? '', dryRun: flags.dryRun ?? false };
    report = async (error) => {
      const files = (await recorder?.write({ ...about, error })) ?? [];
      if (files.length > 0 && !json) world.err.write(`report: ${files.map(safe).join(', ')}\n`);
    };
    const emit = (event: HaupEvent) => {
      recorder?.note(event);
      if (event.type === 'read') return;
      if (event.type !== 'plan' || json || !flags.dryRun) display.emit(json ? event : safeAll(event));
    };
    let engine: Promise<Engine> | undefined;
    const call: Call<Flags> = {
      command: command.name,
      flags: values,
      sources,
      labels: resolved.labels,
      operands,
      rest,
      document,
      about: { cluster, store },
      world,
      signal,
      emit,
      finished: display.finished,
      settle,
      engine() {
        engine ??= world.openEngine({
          environment: world.env,
          store: flags.store ?? defaultStore(world),
          storeIdentity: flags.storeIdentity ?? null,
          signal,
          emit,
          timeoutMs: flags.timeout,
          reads: recorder !== null,
        });
        return engine;
      },
    };
    const code = await Promise.race([command.run(call), world.crashed]);
    settle();
    await report(null);
    return code;
  } catch (error) {
    settle();
    const failure = explain(error, {
      debug,
      interrupted: signal.aborted,
      work: left(),
      command: name,
      cluster,
      store,
    });
    world.err.write(
      json
        ? `${printableJson({ time: new Date(world.now()).toISOString(), type: 'error', code: failure.code, message: failure.lines.join('\n') })}\n`
        : `${failure.lines.join('\n')}\n`,
    );
    await report(failure.lines.join(' ')).catch((cause: unknown) =>
      world.err.write(`the report could not be written: ${safe(messageOf(cause))}\n`),
    );
    return failure.code;
  }
}

async function readInput(
  argv: readonly string[],
  world: Surroundings,
  signal: AbortSignal,
): Promise<{ arguments_: Arguments; resolved: Resolved<Flags> }> {
  const arguments_ = readArguments(argv, commands);
  const { flags } = arguments_.command;
  const sources = { flags: arguments_.flags, env: world.env };
  const path = resolveFlags({ config: flags.config! }, { ...sources, file: new Map() }).values.config;
  const file = typeof path === 'string' ? await readFileOf(path, signal) : new Map<string, Setting>();
  return { arguments_, resolved: resolveFlags(flags, { ...sources, file }) };
}

async function readFileOf(path: string, signal: AbortSignal): Promise<ReadonlyMap<string, Setting>> {
  const { readConfig } = await import('./input/config.ts');
  return readConfig(path, allFlags(commands), signal);
}

function allFlags(of: readonly Command[]): Flag<unknown>[] {
  const byName = new Map<string, Flag<unknown>>();
  for (const command of of) {
    for (const flag of Object.values(command.flags)) byName.set(flag.name, flag);
  }
  return [...byName.values()];
}
