import type { Remedy } from '../../util/remedy.ts';

/** What an operator should know; with a way out as data, where there is one. Only the command line spells commands. */
export type Warning = string | { readonly says: string; readonly remedy: Remedy };
