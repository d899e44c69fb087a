import type { ProviderName } from '../providers/registry.ts';
import * as values from './input/values.ts';

/** A flag: what it is called, what sets it, what it may hold, and what `--help` says of it. */
export interface Flag<T> {
  readonly name: string;
  readonly short?: string;
  /** Stands for the value in help; null for a switch, which takes none. */
  readonly value: string | null;
  readonly help: string;
  /** The default as help shows it, where `fallback` does not say it. */
  readonly defaultText?: string;
  readonly fallback?: T;
  /** Variables of kube-up that set it besides `HAUP_<FLAG>`, in order; one of a cloud is ignored for the others. */
  readonly variables?: readonly Variable[];
  /** What the configuration file must hold. */
  readonly shape: 'text' | 'number' | 'boolean' | 'list';
  readonly parse: values.Parse<T>;
  /** All that it may hold, where that is a short list: for completion. */
  readonly choices?: readonly string[];
}

export interface Variable {
  readonly name: string;
  /** The providers for which it counts; absent: all. */
  readonly providers?: readonly ProviderName[];
}

export type Flags = Readonly<Record<string, Flag<unknown>>>;

/** The values of a command's flags: with a fallback always there, without one perhaps. */
export type Values<F extends Flags> = {
  readonly [K in keyof F]: F[K] extends { readonly fallback: infer T }
    ? T
    : F[K] extends Flag<infer T>
      ? T | undefined
      : never;
};

/** What need not be said of a flag. */
export type More = Pick<Flag<unknown>, 'short' | 'defaultText' | 'variables'>;
type WithFallback<T> = Flag<T> & { readonly fallback: T };

/** A flag that takes one value. */
export function text<T>(
  name: string,
  value: string,
  help: string,
  parse: values.Parse<T>,
  more: More = {},
): Flag<T> {
  return { name, value, help, shape: 'text', parse, ...more };
}

/** A flag that takes several values: `a,b`, or given several times. */
export function list<T>(name: string, value: string, help: string, each: values.Parse<T>, more: More = {}) {
  return { ...text(name, value, help, values.listOf(each), more), shape: 'list' } as const;
}

export function number(
  name: string,
  value: string,
  help: string,
  parse: values.Parse<number>,
  more: More = {},
) {
  return { ...text(name, value, help, parse, more), shape: 'number' } as const;
}

/** A flag that takes one of a few values, the first unless told otherwise. */
export function choice<const T extends string>(
  name: string,
  value: string,
  help: string,
  choices: readonly [T, ...T[]],
  more: More = {},
): WithFallback<T> {
  return { ...text(name, value, help, values.oneOf(...choices), more), choices, fallback: choices[0] };
}

/** A flag that takes no value, off unless told otherwise. */
export function toggle(name: string, help: string, more: More = {}, fallback = false): WithFallback<boolean> {
  return { name, value: null, help, shape: 'boolean', parse: values.yesOrNo, fallback, ...more };
}

export function withFallback<T>(flag: Flag<T>, fallback: T): WithFallback<T> {
  return { ...flag, fallback };
}
