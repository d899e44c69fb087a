import { shellScript } from '../ssh/script.ts';
import type { Session } from '../ssh/session.ts';
import { systemClock } from '../util/clock.ts';
import { ReplicaError } from './errors.ts';
import { tellingLine } from './telling-line.ts';
import type { UnitName } from './units/names.ts';
import type { Waiting } from './waiting.ts';

/**
 * Work whose progress is watched on the machine itself. `script` does what is to be done, if it is not done yet, and
 * looks every tenth of a second, so that no round trip is between an event and our knowing it; but it returns with "not
 * yet" after a few seconds, so that a person sees what is being waited for, and a lost connection or an abort costs nothing.
 *
 * It is a POSIX shell script, which begins with scripts/progress.sh. Exit code 0: done, with its result on stdout.
 */
export interface Work {
  /** As it would follow "could not": "start etcd". */
  readonly doing: string;
  readonly script: string;
  readonly input?: string;
  readonly timeoutMs: number;
}

const NOT_YET = 75;
/** Twenty looks, each of which may wait for two seconds, and a machine that is busy. */
const LOOK_TIMEOUT_MS = 90_000;
/** A program that ended so many times will not get well by being started once more. */
const RESTARTS = 5;
/** Several starts of a program that keeps ending. */
const LOG_LINES = 300;

const prelude = shellScript('replicas/scripts/progress.sh')({});

/**
 * Runs the work until it is done. Returns what its script printed.
 * @throws ReplicaError at the time limit, or when a unit keeps ending: names the part, with the line of its log that says why. SshError.
 */
export async function carryOut(session: Session, work: Work, options: Waiting = {}): Promise<string> {
  const deadline = systemClock.now() + work.timeoutMs;
  const restartsBefore = new Map<string, number>();
  for (;;) {
    const result = await session.exec(prelude + work.script, {
      what: work.doing,
      ...(work.input === undefined ? {} : { input: work.input }),
      timeoutMs: LOOK_TIMEOUT_MS,
      signal: options.signal,
    });
    if (result.code === 0) return result.stdout;
    if (result.code !== NOT_YET) {
      const words = (result.stderr.trim() || result.stdout.trim()).slice(-1000);
      throw new ReplicaError(
        `${session.what}: could not ${work.doing}: ${words || `exit code ${result.code}`}`,
      );
    }
    const [restarts = '', unit = '', what = ''] = result.stdout.split('\n');
    const before = restartsBefore.get(unit) ?? Number(restarts);
    restartsBefore.set(unit, before);
    const keepsEnding = Number(restarts) - before >= RESTARTS;
    if (keepsEnding || systemClock.now() > deadline) {
      const why = keepsEnding
        ? `${unit} has ended ${RESTARTS} times`
        : `waited ${Math.round(work.timeoutMs / 1000)} s for ${what}`;
      throw await failure(session, work.doing, why, unit as UnitName);
    }
    options.progress?.(what);
  }
}

async function failure(session: Session, doing: string, why: string, unit: UnitName): Promise<ReplicaError> {
  const log = await session
    .exec(`journalctl -q -u ${unit} -n ${LOG_LINES} -o cat --no-pager | cut -c1-600`, {
      what: 'read the log',
    })
    .then(({ stdout }) => tellingLine(stdout))
    .catch(() => '');
  const words = log ? `. ${unit} says:\n  ${log}` : '';
  return new ReplicaError(`${session.what}: could not ${doing}: ${why}${words}`, {
    advice: { to: 'see', command: 'ssh', replicas: [session.what], run: `journalctl -u ${unit}` },
  });
}
