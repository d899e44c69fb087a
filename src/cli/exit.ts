import { safe } from './output/words.ts';

/** What the user is told of an error, and the exit code. */
export interface Failure {
  readonly code: number;
  readonly lines: readonly string[];
}

export interface Circumstances {
  readonly debug: boolean;
  /** The user stopped it. */
  readonly interrupted: boolean;
  /** What was begun or planned, and not finished. */
  readonly unfinished: readonly string[];
  readonly cluster: string | undefined;
}

export const INTERRUPTED = 130;
const DEFECT = 1;

/** The one table: an error's name, sometimes its kind, decides the exit code. */
const codes: Readonly<Record<string, number | ((kind: unknown) => number)>> = {
  UsageError: 2,
  InputError: 2,
  Refusal: 3,
  BusyError: 4,
  NotFoundError: 6,
  StepError: 5,
  ArtifactError: (kind) => (kind === 'usage' || kind === 'not-found' ? 2 : 5),
  StoreError: (kind) => (kind === 'disk' ? 5 : kind === 'missing' ? 6 : 2),
  // Within a step these are a StepError's cause; alone they come from what was asked for.
  ProviderError: (kind) => (kind === 'preflight' || kind === 'invalid' ? 2 : kind === 'not-found' ? 6 : 5),
  SshError: 5,
  HostKeyError: 5,
  EtcdError: 5,
  TimeoutError: 5,
  ExecError: 5,
  Interrupted: INTERRUPTED,
};

/** This machine failed us, not the code. */
const hostTroubles = ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM'];

/** Longer messages (a failing unit's log lines) are cut here. */
const MOST_LINES = 14;

export function explain(error: unknown, circumstances: Circumstances): Failure {
  const failure = circumstances.interrupted
    ? { code: INTERRUPTED, lines: interruption(circumstances) }
    : { code: codeOf(error), lines: describe(error) };
  const stack = circumstances.debug ? stackOf(error) : [];
  return { code: failure.code, lines: [...failure.lines, ...stack] };
}

function codeOf(error: unknown): number {
  if (!(error instanceof Error)) return DEFECT;
  const rule = codes[error.name];
  if (typeof rule === 'number') return rule;
  if (rule) return rule('kind' in error ? error.kind : undefined);
  return 'code' in error && hostTroubles.includes(String(error.code)) ? 5 : DEFECT;
}

function describe(error: unknown): string[] {
  if (error instanceof DOMException && error.name === 'TimeoutError') {
    return ['haup: gave up: the time of --timeout is over', '  haup repair goes on from here'];
  }
  const message = error instanceof Error ? error.message : String(error);
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
  const advice = error instanceof Error && 'advice' in error ? error.advice : null;
  if (typeof advice === 'string') lines.push(...advice.split('\n').map((line) => `  ${safe(line)}`));
  return lines;
}

function interruption({ unfinished, cluster }: Circumstances): string[] {
  if (unfinished.length === 0) return ['haup: interrupted; nothing was begun'];
  const shown = unfinished.slice(0, 3).join('; ');
  const more = unfinished.length > 3 ? `; and ${unfinished.length - 3} more` : '';
  return [
    `haup: interrupted; unfinished: ${shown}${more}`,
    `  haup repair${cluster ? ` -c ${cluster}` : ''} finishes it`,
  ];
}

function stackOf(error: unknown): string[] {
  const stacks: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) stacks.push(at.stack ?? String(at));
  return stacks.join('\ncaused by ').split('\n');
}
