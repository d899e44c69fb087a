import { z } from 'zod';
import { rfc3339 } from '../../util/text/rfc3339.ts';

const lastSchema = z.object({
  /** restic's, the first eight digits. */
  id: z.string(),
  /** RFC 3339: what was written later is not in it. */
  taken: z.string(),
  finished: z.string(),
  /** Of the snapshot, bytes. */
  size: z.number(),
  /** What was sent, as restic says it: "37.3 KiB (9.5 KiB stored)". */
  added: z.string(),
  /** The store's revision that is sealed in it. */
  store: z.number(),
});

/** What a master says of the backups that it takes. */
export interface BackupReport {
  /** Of the spec's wish that it was told. */
  readonly generation: number;
  /** RFC 3339, when it was told so, by its own clock; absent where that is not known. */
  readonly since?: string;
  readonly last: z.infer<typeof lastSchema> | null;
  /** Newer than `last`. RFC 3339, and restic's or etcd's own words. */
  readonly failure: { readonly at: string; readonly words: string } | null;
}

/** A file that a power failure has emptied tells nothing of backups, and is no reason to know nothing of the machine. */
const WHOLE =
  /^(?:generation (\d{1,9})\n)?(?:since (\d{1,12})?\n)?(?:last (\{.*\})?\n)?(?:failure (?:(\S+) (.*))?\n)?$/;

/** Of a machine's answer about itself: null where it was told nothing, undefined where the answer is not as it was written. */
export function parseReport(text: string): BackupReport | null | undefined {
  const [whole, generation, since, last, at, words = ''] = WHOLE.exec(text) ?? [];
  if (whole === undefined) return undefined;
  if (generation === undefined) return null;
  try {
    return {
      generation: Number(generation),
      ...(since === undefined ? {} : { since: rfc3339(Number(since) * 1000) }),
      last: last === undefined ? null : lastSchema.parse(JSON.parse(last)),
      failure: at === undefined ? null : { at, words },
    };
  } catch {
    return undefined;
  }
}
