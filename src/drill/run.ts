import { randomBytes } from 'node:crypto';
import { DRILL_NAMESPACE } from '../cluster/model/drill.ts';
import { Refusal, StepError } from '../cluster/model/errors.ts';
import type { Step } from '../cluster/plan/step.ts';
import type { ActName } from './acts.ts';
import type { Arena } from './arena.ts';
import { type ClientRecords, startClients } from './clients/index.ts';
import { mustAnswer, type Workload } from './clients/workload.ts';
import type { LoggedAct, Moment } from './log.ts';
import { type Playing, play, undoAll } from './play.ts';
import { startWitness } from './witness.ts';

/** What was seen. Moments of `performance.now()`, but those of the acts, which are milliseconds since `began`. */
export interface Seen {
  /** Milliseconds since the epoch. */
  readonly began: number;
  readonly zero: number;
  readonly ms: number;
  readonly acts: readonly LoggedAct[];
  readonly records: ClientRecords;
  readonly moments: readonly Moment[];
}

export type RunOptions = Pick<Playing, 'holdMs' | 'emit' | 'signal' | 'wellWithinMs'> & {
  readonly acts: readonly ActName[];
  /** Null: nobody asks what runs on nodes. */
  readonly workload: Workload | null;
};

/**
 * Plays the acts, one after the other, each on a cluster that is wholly well, before the eyes of clients and a witness. What is begun
 * is written down first, so that `repair` undoes it whenever this ends.
 * It ends with an act after which the cluster does not get well again.
 * @throws Refusal when an act would not be survived; StepError
 */
export async function runDrill(arena: Arena, options: RunOptions): Promise<Seen> {
  const { emit, signal } = options;
  const { workload } = options;
  if (workload instanceof URL) await mustAnswer(workload);
  const namespace = `${DRILL_NAMESPACE}${randomBytes(4).toString('hex')}`;
  const [began, zero] = [Date.now(), performance.now()];
  const clock = (): number => Math.round(performance.now() - zero);
  const last: Step = { kind: 'clear-drill', namespace };
  // What is written down next takes its place: then nobody would know of it any more.
  const before = arena.drill();
  if (before) await arena.execute({ kind: 'clear-drill', namespace: before.namespace });
  await arena.rememberDrill({ namespace, wounds: [] });
  emit({ type: 'step-started', step: last });
  emit({ type: 'step-waiting', step: last, message: 'for the end of the drill' });

  const names = arena.spec().replicas.map(({ name }) => name);
  const witness = startWitness({ ...arena.witnessed, replicas: names });
  try {
    const clients = await startClients(await arena.api(), namespace, { workload, signal }).catch(
      async (error: unknown) => {
        // Nothing is hurt yet: then nothing need be left of it either.
        if (!signal.aborted) await arena.execute(last).catch(() => {});
        throw error;
      },
    );
    const acts: LoggedAct[] = [];
    let records: ClientRecords;
    try {
      await clients.calm(signal);
      for (const act of options.acts) {
        if (acts.some(isIll)) break;
        acts.push(await play(arena, act, { ...options, namespace, clients, clock }));
      }
      records = await clients.stop();
    } catch (error) {
      // Who is stopped does not wait for clients that are not answered.
      const stopped = clients.stop().catch(() => {});
      if (!signal.aborted) await stopped;
      throw error;
    }
    const ms = clock();
    try {
      await arena.execute(last);
      emit({ type: 'step-finished', step: last, seconds: ms / 1000 });
    } catch (error) {
      // What was seen of a cluster that is ill is worth more than that: repair removes it.
      if (signal.aborted || !acts.some(isIll)) throw error;
    }
    return { began, zero, ms, acts, records, moments: await witness.stop() };
  } catch (error) {
    if (!signal.aborted) await undoAll(arena);
    if (error instanceof Refusal || error instanceof StepError || signal.aborted) throw error;
    const remedy = { to: 'undo what is left of it', command: 'repair', cluster: arena.spec().name } as const;
    throw new StepError('play the drill to its end', error, remedy);
  } finally {
    void witness.stop();
  }
}

function isIll({ wellAt }: LoggedAct): boolean {
  return wellAt === null;
}
