import { OutOfTime } from '../app/errors.ts';
import { ChangeUndone, Refusal, StepError } from '../cluster/model/errors.ts';
import { StoreError } from '../state/errors.ts';
import { Failure, type FailureKind, messageOf } from '../util/failure.ts';
import { describeSystemError, OsError } from '../util/host/os-error.ts';
import { withWholeCommands } from './help/hints.ts';
import type { Remaining } from './output/display/progress.ts';
import { commandLine, sayRemedy } from './output/remedy.ts';
import { safe } from './output/safe.ts';
import { spokenDuration } from './output/time.ts';

/** What the user is told of an error, and the exit code. */
export interface Explanation {
  readonly code: number;
  readonly lines: readonly string[];
}

export interface Circumstances {
  readonly debug: boolean;
  /** The user stopped it. */
  readonly interrupted: boolean;
  readonly work: Remaining;
  /** `create`; undefined before the command line was understood. */
  readonly command: string | undefined;
  readonly cluster: string | undefined;
  /** As `--store` named it, if it did. */
  readonly store?: string | undefined;
}

export const INTERRUPTED = 130;
const DEFECT = 1;

/** The one table: what a failure means decides the exit code. */
const codes: Record<FailureKind, number> = {
  input: 2,
  refused: 3,
  busy: 4,
  trouble: 5,
  'not-found': 6,
  interrupted: INTERRUPTED,
  defect: DEFECT,
};

/** Longer messages (a failing unit's log lines) are cut here. */
const MOST_LINES = 14;

export function explain(thrown: unknown, circumstances: Circumstances): Explanation {
  const error = describeSystemError(thrown); // the operator's disk, folder or network failed us, not the code
  const failure = circumstances.interrupted
    ? { code: INTERRUPTED, lines: interruption(circumstances) }
    : {
        code: codeOf(error),
        lines:
          error instanceof OutOfTime
            ? outOfTime(error, circumstances)
            : [...describe(error, circumstances), ...leftBy(error, circumstances)],
      };
  const stack = circumstances.debug ? stackOf(error) : [];
  const typed = { cluster: circumstances.cluster, store: circumstances.store };
  return {
    code: failure.code,
    lines: [...failure.lines.map((line) => withWholeCommands(line, typed)), ...stack],
  };
}

function codeOf(error: unknown): number {
  if (!(error instanceof Error)) return DEFECT;
  return error instanceof Failure ? codes[error.failure] : DEFECT;
}

/** What an error that no step explains has left behind. */
function leftBy(error: unknown, { work, command, cluster }: Circumstances): string[] {
  if (
    error instanceof StepError ||
    error instanceof ChangeUndone ||
    error instanceof Refusal ||
    work.doing.length === 0
  )
    return [];
  if (!work.unfinished) return [`  all steps that were begun are done; ${wayToSee(command, cluster)}`];
  return [
    `  unfinished: ${few([...work.doing, ...work.toCome])}`,
    `  ${wayOn(command, cluster, 'finishes it')}`,
  ];
}

function describe(error: unknown, { cluster }: Circumstances): string[] {
  const message = messageOf(error);
  const [first = '', ...more] = message.split('\n').map(safe).filter(Boolean);
  const lines = [
    `haup: ${first || 'unknown error'}`,
    ...more.slice(0, MOST_LINES - 1).map((line) => `  ${line}`),
  ];
  if (codeOf(error) === DEFECT) {
    lines.push(
      '  This is a defect of haup, not of yours. Please report it with what the same command with --debug prints;',
      '  CONTRIBUTING.md says where and what else helps.',
    );
  }
  const remedies = error instanceof Failure ? error.remedies : [];
  const mends = remedies.flatMap((remedy) => sayRemedy(remedy, { cluster }).split('\n')).map(safe);
  // Refused input is one line: nothing was begun that there would be more to say of.
  if (lines.length === 1 && mends.length === 1 && isInput(error))
    return [`${lines[0]!.replace(/\.$/, '')}; ${mends[0]}`];
  return [...lines, ...mends.map((line) => `  ${line}`)];
}

function isInput(error: unknown): boolean {
  return codeOf(error) === 2 || error instanceof StoreError || error instanceof OsError;
}

function interruption({ work, command, cluster }: Circumstances): string[] {
  if (work.doing.length === 0) return ['haup: interrupted; nothing was begun'];
  if (!work.unfinished)
    return [`haup: interrupted; all steps that were begun are done; ${wayToSee(command, cluster)}`];
  return [
    `haup: interrupted; unfinished: ${few([...work.doing, ...work.toCome])}`,
    `  ${wayOn(command, cluster, 'finishes it')}`,
  ];
}

function outOfTime({ limitMs }: OutOfTime, { work, command, cluster }: Circumstances): string[] {
  const first = `haup: gave up after ${spokenDuration(limitMs)}, the time of --timeout`;
  if (work.doing.length === 0) {
    const doing = work.topic ?? `haup ${command} was looking at the cluster${cluster ? ` ${cluster}` : ''}`;
    return [`${first}, before anything was begun: ${safe(doing)}`];
  }
  return [
    `${first}; what was being done: ${few(work.doing)}`,
    ...(work.toCome.length > 0 ? [`  still to do: ${few(work.toCome)}`] : []),
    work.unfinished ? `  ${wayOn(command, cluster, 'goes on from here')}` : `  ${wayToSee(command, cluster)}`,
  ];
}

function wayOn(command: string | undefined, cluster: string | undefined, does: string): string {
  const deletes = command === 'delete' || command === 'federation delete';
  return `${commandLine({ command: deletes ? 'delete' : 'repair' }, { cluster })} ${does}${namesToo(command)}`;
}

/** Where a repair might well say that there is nothing to do. */
function wayToSee(command: string | undefined, cluster: string | undefined): string {
  return `${commandLine({ command: 'status' }, { cluster })} says what is${namesToo(command)}`;
}

/** A federation is given the settings of its names when its masters stand; status and repair know of the masters alone. */
function namesToo(command: string | undefined): string {
  return command === 'federation init' ? '; the same command again also sets its names' : '';
}

function few(sentences: readonly string[]): string {
  const more = sentences.length - 3;
  return `${sentences.slice(0, 3).map(safe).join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

function stackOf(error: unknown): string[] {
  const stacks: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) stacks.push(at.stack ?? String(at));
  return stacks
    .join('\ncaused by ')
    .split('\n')
    .map((line) => (line.startsWith(' ') ? `    ${safe(line)}` : safe(line)));
}
