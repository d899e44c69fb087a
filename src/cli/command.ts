import type { Engine } from '../app/engine.ts';
import type { HaupEvent } from '../cluster/loop/events.ts';
import type { Step } from '../cluster/plan/step.ts';
import type { Flags, Values } from './flag.ts';
import { common } from './flags.ts';
import type { ReadDocument } from './input/document.ts';
import type { About } from './output/remedy.ts';
import type { Surroundings } from './surroundings.ts';

/** One command: what it is called, what it takes, and what it does with that. Its file is all there is to it. */
export interface Command<F extends Flags = Flags> {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What else `haup NAME --help` says. */
  readonly details?: string;
  /** What may follow the command's name. */
  readonly operands: readonly Operand[];
  /** What may follow `--`; absent: nothing. */
  readonly rest?: { readonly name: string; readonly help: string };
  readonly flags: F;
  readonly examples: readonly string[];
  /** Reads the document that it was pointed to, before all else: the cluster is what that names, where no flag, variable or file does. */
  document?(flags: Values<F>): Promise<ReadDocument | undefined>;
  /** Returns the exit code; errors become one in `exit.ts`. */
  run(call: Call<F>): Promise<number>;
}

export interface Operand {
  readonly name: string;
  readonly help: string;
  readonly needed: boolean;
  readonly many?: boolean;
  /** It is the cluster that the command is about, as `--cluster` is elsewhere: what is suggested next is told it. Only a first one. */
  readonly isCluster?: boolean;
  /** All that it may be, where that is a short list: for completion. */
  readonly choices?: readonly string[];
  /** @throws UsageError that reads on from the operand's name. */
  readonly parse: (text: string) => unknown;
}

/** Where a value came from: a flag beats a variable, a variable beats the file. */
export type Source = 'flag' | 'variable' | 'file' | 'default';

/** One use of a command. */
export interface Call<F extends Flags> {
  /** The command's name. */
  readonly command: string;
  readonly flags: Values<F>;
  readonly sources: { readonly [K in keyof F]: Source };
  /** What set each flag, as the user wrote it: what is refused is called so. */
  readonly labels: { readonly [K in keyof F]: string };
  readonly operands: readonly string[];
  readonly rest: readonly string[];
  /** What `document` of the command has read. */
  readonly document: ReadDocument | undefined;
  /** What a command that is suggested next has to be told, too. */
  readonly about: About;
  readonly world: Surroundings;
  readonly signal: AbortSignal;
  /** Opens the engine (at the first call): nothing slow is loaded before a command has checked its input. */
  engine(): Promise<Engine>;
  /** Says something between the engine's own events. */
  emit(event: HaupEvent): void;
  /** Steps that have run to their end, in order. */
  finished(): Step[];
  /** Ends the progress display, so that the answer can be printed. */
  settle(): void;
}

/** A command whose flags are these and the ones that every command has. */
export function defineCommand<F extends Flags>(command: Command<F>): Command<F & typeof common> {
  return { ...command, flags: { ...command.flags, ...common } } as unknown as Command<F & typeof common>;
}
