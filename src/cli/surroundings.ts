import type { OpenEngine } from '../app/engine.ts';

/** A text stream to the user: standard output or standard error. */
export interface Screen {
  /** Text, with the marks of style.ts; whatever else a terminal would obey is made harmless. */
  write(text: string): void;
  /** As it is: for who moves the cursor, and has made each line harmless. */
  draw(text: string): void;
  readonly isTTY: boolean;
  /** Of the terminal now; 80 × 24 when there is none. */
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
  /** Nobody reads it any more. */
  readonly gone: boolean;
  /** Calls back when the terminal's size changes, until the function that it returns is called. */
  onResize(listener: () => void): () => void;
}

/** Everything outside of the process that the command line touches. Unit tests bring their own. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** null: this user has none. */
  readonly home: string | null;
  readonly out: Screen;
  readonly err: Screen;
  /** Standard input and error are a terminal: a question can be asked. */
  readonly interactive: boolean;
  /** Asks on the terminal; the answer without its line end. */
  ask(question: string, signal: AbortSignal): Promise<string>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  /** Calls back every `ms` until the function that it returns is called; does not keep the process alive. */
  every(ms: number, tick: () => void): () => void;
  readonly openEngine: OpenEngine;
  /** Rejects with an exception that nothing in the program has caught. */
  readonly crashed: Promise<never>;
}
