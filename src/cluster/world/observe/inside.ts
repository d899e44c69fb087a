import { ReplicaError } from '../../../replicas/errors.ts';
import { HostKeyError, SshError } from '../../../ssh/errors.ts';
import type { Session } from '../../../ssh/session.ts';
import { messageOf } from '../../../util/failure.ts';
import type { Emit } from '../../loop/events.ts';
import type { LookFailure } from '../../model/look-failure.ts';
import type { SeenMachine } from '../../model/machine.ts';
import { PATIENT_MS, type Sessions } from '../machines/sessions.ts';
import type { ClusterMemory } from '../memory.ts';

/** A machine that answers at all gives a first sign of life in this time; after one silence the next look is shorter. */
export const LOOK_MS = 3000;
const SECOND_LOOK_MS = 1000;
/** A look may take so many times what the last one took. */
const SLOWER = 4;
/** How long a look inside waits for a component that hangs, as an API server does without a quorum: that is no slowness. */
const COMPONENTS_MS = 2000;

/** What a look at a machine of a role met: its own words, or why there are none. */
export type Met<I> = Pick<SeenMachine<I>, 'inside' | 'lookFailure' | 'words'>;

/** Asks a machine about itself. */
export type Ask<I> = (session: Session, timeoutMs: number) => Promise<I>;

interface Parts {
  readonly memory: Pick<ClusterMemory, 'spec' | 'pin'>;
  readonly sessions: Pick<Sessions, 'session'>;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** Looks inside machines that run, and learns how long each of them takes today. */
export interface InsideObserver {
  observe<I>(name: string, ask: Ask<I>): Promise<Met<I>>;
  /** Something was done on it, which it has answered: it is slow at most, and gets as much time again as any other. */
  heard(name: string): void;
  /** How long the slowest machine may take for one question, going by the last looks; at least 0. */
  patienceMs(): number;
}

export function insideObserver({ memory, sessions, signal, emit }: Parts): InsideObserver {
  const silent = new Set<string>();
  /** What the last look inside took, ms. */
  const took = new Map<string, number>();

  async function look<I>(name: string, ask: Ask<I>): Promise<I> {
    const timeoutMs = silent.has(name) ? SECOND_LOOK_MS : LOOK_MS;
    const session = await sessions.session(name, timeoutMs);
    const usual = Math.max(timeoutMs, SLOWER * (took.get(name) ?? 0));
    const began = Date.now();
    // What the first look takes, nothing tells before: on a new machine much else begins just then.
    const isKnown = session.answered && (took.has(name) || silent.has(name));
    const inside = await ask(session, isKnown ? usual : PATIENT_MS);
    const ms = Date.now() - began;
    took.set(name, Math.min(PATIENT_MS, ms > COMPONENTS_MS ? ms - COMPONENTS_MS : ms));
    silent.delete(name);
    return inside;
  }

  return {
    async observe(name, ask) {
      // A machine without a host key of its own is the provisioning's affair: looking must not wait for its boot. Nor may a
      // look, which has no lock, give it that key and save it: the command that has the lock would find its store changed.
      if (memory.spec.deleting || !memory.pin(name)?.own) return { inside: null };
      try {
        return { inside: await look(name, ask) };
      } catch (error) {
        signal.throwIfAborted();
        silent.add(name);
        const words = messageOf(error);
        emit({ type: 'progress', topic: `look ${name}`, message: `${name} does not answer: ${words}` });
        return { inside: null, lookFailure: lookFailureOf(error), words };
      }
    },
    heard: (name) => void silent.delete(name),
    patienceMs: () => SLOWER * Math.max(0, ...took.values()),
  };
}

/** What an error of a look says of the machine. */
function lookFailureOf(error: unknown): LookFailure {
  if (error instanceof HostKeyError) return 'other-key';
  if (error instanceof ReplicaError) return 'no-answer';
  if (!(error instanceof SshError)) return 'unknown';
  if (error.kind === 'not-run' || error.kind === 'forbidden') return error.kind;
  if (error.kind === 'timeout') return 'slow';
  return error.kind === 'too-long' || error.kind === 'lost' ? 'no-answer' : (error.reached ?? 'unknown');
}
