import { tmpdir } from 'node:os';
import type { Remedies } from '../util/remedy.ts';
import { parseJson } from '../util/text/json.ts';
import { BackupError } from './errors.ts';
import type { Repository } from './repository.ts';

/**
 * What restic says, 0.14 (Debian 12) to 0.18 (Debian 13), and what it means. It has one exit code for most of it, so that its words are all
 * there is; what no rule knows is told as it is.
 */

interface Meaning {
  readonly says: RegExp;
  readonly kind: BackupError['kind'];
  readonly advice?: Remedies;
}

/** In this order: the first one that fits. */
const MEANINGS: readonly Meaning[] = [
  {
    says: /wrong password or no key found/i,
    kind: 'refused',
    advice: 'it was made with another identity, or for a cluster of another name',
  },
  {
    // restic makes a bucket of Google's that is not there, in no project.
    says: /bucket (does not|doesn't) exist|NoSuchBucket|Buckets\.Insert|Required parameter: project/i,
    kind: 'refused',
    advice: 'make the bucket first',
  },
  {
    says: /access ?denied|forbidden|unauthorized|\b40[13]\b|access ?key ?id|signature|permission denied|default credentials|read-only file system/i,
    kind: 'refused',
    advice: 'give credentials that may read and write there',
  },
  {
    // Somebody was stopped while pruning, and may have been cut off from there: its lock is believed for half an hour.
    says: /repository is already locked exclusively/i,
    kind: 'trouble',
    advice: {
      to: 'remove a lock whose holder is gone, unless somebody prunes right now',
      command: 'backup prune',
    },
  },
  {
    says: /no space left|disk quota/i,
    kind: 'trouble',
    advice: { to: 'make room there', command: 'backup prune' },
  },
  {
    // A question for an object's head has no words in its answer; S3 answers so for a bucket of another region.
    says: /region|AuthorizationHeaderMalformed|400 Bad Request|301 Moved/i,
    kind: 'refused',
    advice: "name the region's own host in the address, and the region in the AWS configuration",
  },
  {
    says: /unsupported repository version|version \d+ is not supported|newer version/i,
    kind: 'refused',
    advice: 'use a newer restic',
  },
  { says: /no matching ID|no snapshot found|Ambiguous|multiple IDs/i, kind: 'not-found' },
  {
    says: /ciphertext verification failed|invalid data returned|hash mismatch|does not match|not found in (the )?(index|repository)/i,
    kind: 'damaged',
    advice: 'restore another backup',
  },
];

/** What restic asks where it found no repository, for whatever reason. */
const QUESTION = /^is there a repository at the following location/i;
const NOTHING_THERE = /(does not|doesn't) exist|no such file|NoSuchKey|\b404\b/i;
const EMPTY: Pick<Meaning, 'kind' | 'advice'> = {
  kind: 'empty',
  advice: 'no backup was ever taken to there',
};

const AGAIN = /^(\w+\([^)]*\)).* retrying after [^:]*: (.*)\n/gm;
/** Of one call, some seconds long: nobody waits longer to hear of a bucket that is not there. */
const TRIES = 3;

/** Whether restic tries the same again and again, as it does for a quarter of an hour. */
export function isStuck(stderr: string): boolean {
  const tries = new Map<string, number>();
  for (const [, call = ''] of stderr.matchAll(AGAIN)) tries.set(call, (tries.get(call) ?? 0) + 1);
  return [...tries.values()].some((count) => count >= TRIES);
}

/** What restic has failed with, from all that it said of it. */
export function resticError({ address }: Repository, stderr: string): BackupError {
  const words = wordsOf(stderr, address).slice(0, 400) || 'it gave no reason';
  const asked = stderr.split('\n').some((line) => QUESTION.test(line));
  const said = words.replaceAll(address, '');
  const meaning =
    ownDisk(said) ??
    MEANINGS.find(({ says }) => says.test(said)) ??
    (asked && NOTHING_THERE.test(said) ? EMPTY : undefined);
  return new BackupError(meaning?.kind ?? 'trouble', `restic at ${address}: ${words}`, meaning?.advice);
}

/** What is restored, and what is sent, is in files of this machine for a while: where those have no room, the repository may have. */
function ownDisk(said: string): Pick<Meaning, 'kind' | 'advice'> | undefined {
  const folder = tmpdir();
  if (!/no space left|disk quota/i.test(said) || !said.includes(`${folder}/`)) return undefined;
  return {
    kind: 'trouble',
    advice: `make room in ${folder} on this machine, or name another folder in TMPDIR`,
  };
}

/** A line of a stack of Go's, which follows the name of what was called. */
const FRAME = /^\t.*\.(go|s):\d+$/;
/** What its last words say again. */
const OF_A_CALL = /^\w+\([^)]*\) (failed:|.* retrying after )/;

function wordsOf(stderr: string, address: string): string {
  const lines = stderr.split('\n').map((line) => line.replace(/^Fatal: /, ''));
  const inJson = lines.flatMap((line) => exitError(line) ?? []);
  if (inJson.length > 0) return inJson.at(-1)!;
  const said = lines
    // Where in restic it happened is nobody's business here.
    .filter((line, n) => !FRAME.test(line) && !FRAME.test(lines[n + 1] ?? ''))
    .map((line) => line.trim())
    .filter((line) => line !== '' && line !== address && !QUESTION.test(line) && !OF_A_CALL.test(line));
  // What was tried until it was told to end says more than that it was.
  const again = [...stderr.matchAll(AGAIN)].at(-1)?.[2];
  if (again !== undefined && (said.length === 0 || isStuck(stderr))) return again;
  return said.join('; ');
}

function exitError(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  const read = parseJson(line) as { message_type?: unknown; message?: unknown } | undefined;
  return read?.message_type === 'exit_error' && typeof read.message === 'string' ? read.message : undefined;
}
