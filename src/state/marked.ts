import { z } from 'zod';
import type { Remedies } from '../util/remedy.ts';
import { understood } from '../util/text/understood.ts';
import { StoreError } from './errors.ts';

/** A kind of text that haup keeps: JSON that says what it is. */
export interface MarkedText<T> {
  readonly format: string;
  /** Rises when an older haup could no longer read what a newer one writes. */
  readonly schemaVersion: number;
  /** Of the whole, its marks included. */
  readonly schema: z.ZodType<T>;
  /** Where a foreign one leaves no place for ours. */
  readonly elsewhere: Remedies;
  /** How the last good one comes back. */
  readonly lastGood: Remedies;
}

const markSchema = z.object({ format: z.string(), schemaVersion: z.number().int() });

/** @throws StoreError `corrupt`, `foreign` or `newer`; `where` is for its message. */
export function readMarked<T>(where: string, text: string, kind: MarkedText<T>): T {
  const json = parse(where, text, kind.lastGood);
  const mark = markSchema.safeParse(json).data;
  if (mark?.format !== kind.format)
    throw new StoreError('foreign', `${where} was not written by haup`, kind.elsewhere);
  if (mark.schemaVersion > kind.schemaVersion)
    throw new StoreError(
      'newer',
      `${where} was written by a newer haup (format ${mark.schemaVersion}, this one knows ${kind.schemaVersion})`,
      'use that haup, or a newer one',
    );
  return valid(where, json, kind.schema, kind.lastGood);
}

/** @throws StoreError `corrupt` that names the first thing that is not as haup writes it. */
export function valid<T>(where: string, value: unknown, schema: z.ZodType<T>, lastGood: Remedies): T {
  const refuse = (how: string): StoreError =>
    new StoreError('corrupt', `${where} is not what haup writes: ${how}`, lastGood);
  return understood(schema, value, refuse, 'the document');
}

function parse(where: string, text: string, lastGood: Remedies): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const how = text === '' ? 'empty' : 'cut short or not JSON';
    throw new StoreError('corrupt', `${where} is ${how}`, lastGood);
  }
}
