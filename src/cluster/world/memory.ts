import { z } from 'zod';
import type { PinRecord } from '../../ssh/hostkey.ts';
import type { Store } from '../../state/store.ts';
import { type DrillRecord, woundSchema } from '../model/drill.ts';
import { duties, type GuardMemory, nothingSeen } from '../model/guard.ts';
import { CLUSTER_NAME } from '../model/names.ts';
import { type ClusterSpec, clusterSpecSchema } from '../model/spec.ts';

const pinSchema = z.strictObject({
  current: z.string(),
  next: z.string().optional(),
  seen: z.boolean(),
  own: z.boolean().optional(),
});

/** What has happened and nothing shows any more. */
const historySchema = z.strictObject({
  /** True once the first etcd member has answered: from then on an empty disk is a lost replica, not a new cluster. */
  bootstrapped: z.boolean(),
  /** Terminal answers to a machine's creation so far, by name: makes the next request token a new one. */
  attempts: z.record(z.string(), z.number().int()),
});

type History = z.infer<typeof historySchema>;

export const noHistory: History = { bootstrapped: false, attempts: {} };

const drillSchema = z.strictObject({
  namespace: z.string().regex(CLUSTER_NAME),
  wounds: z.array(woundSchema),
});

const guardSchema = z.strictObject({
  deadSince: z.record(z.string(), z.number()),
  deadSeenAt: z.number().nullable().default(null),
  zonesOut: z.array(z.string()).default([]),
  quorumLost: z.boolean().default(false),
  unfinishedSince: z.number().nullable(),
  backupsIllSince: z.number().nullable().default(null),
  deeds: z.array(
    z.strictObject({
      at: z.number(),
      duty: z.enum(duties),
      replica: z.string().nullable(),
      reason: z.string(),
      failed: z.string().nullable(),
    }),
  ),
});

const stateSchema = z.strictObject({
  spec: clusterSpecSchema,
  history: historySchema,
  /** The SSH host keys of the machines, by replica. */
  pins: z.record(z.string(), pinSchema),
  /** The SHA-256 of the files that machines download, by URL, as they were when haup first asked. */
  sums: z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/)).optional(),
  /** A drill that is under way, or was interrupted. */
  drill: drillSchema.optional(),
  guard: guardSchema.optional(),
});

/** What the store keeps of a cluster, its secrets apart: only what cannot be observed. Also reads what older haups have written. */
export const clusterStateSchema = z.preprocess(fromOlder, stateSchema);

export type ClusterState = z.infer<typeof stateSchema>;
type Pin = z.infer<typeof pinSchema>;

const oldSchema = z.looseObject({
  spec: z.looseObject({ bootstrapped: z.unknown(), attempts: z.unknown() }),
  history: z.undefined().optional(),
});

/**
 * The stored state of one cluster during one run, under its lock. Saves happen one after the other, each on top of what
 * the last one left; somebody else's change in between (a lock that was broken) makes a save fail rather than win.
 */
export class ClusterMemory {
  readonly #store: Pick<Store<ClusterState>, 'create' | 'save'>;
  #state: ClusterState;
  #revision: number;
  readonly #first: Readonly<Record<string, string>>;
  #queue: Promise<unknown> = Promise.resolve();

  /** Revision 0: nothing is stored yet, and the first save makes it, with the secrets `first`. */
  constructor(
    store: Pick<Store<ClusterState>, 'create' | 'save'>,
    state: ClusterState,
    revision: number,
    first: Readonly<Record<string, string>> = {},
  ) {
    this.#store = store;
    this.#first = first;
    this.#state = state;
    this.#revision = revision;
  }

  /** Of what the store has now. */
  get revision(): number {
    return this.#revision;
  }

  get spec(): ClusterSpec {
    return this.#state.spec;
  }

  /** All that the store has of the cluster, its secrets apart. */
  get state(): ClusterState {
    return this.#state;
  }

  updateSpec(change: (spec: ClusterSpec) => ClusterSpec): Promise<void> {
    return this.#update((state) => ({ ...state, spec: change(state.spec) }));
  }

  get bootstrapped(): boolean {
    return this.#state.history.bootstrapped;
  }

  rememberBootstrap(): Promise<void> {
    return this.#update((state) => ({ ...state, history: { ...state.history, bootstrapped: true } }));
  }

  /** Terminal answers to the creation of the machine `name` so far. */
  attempts(name: string): number {
    return this.#state.history.attempts[name] ?? 0;
  }

  rememberAttempt(name: string): Promise<void> {
    return this.#update(({ history, ...state }) => {
      const attempts = { ...history.attempts, [name]: (history.attempts[name] ?? 0) + 1 };
      return { ...state, history: { ...history, attempts } };
    });
  }

  get sums(): Readonly<Record<string, string>> {
    return this.#state.sums ?? {};
  }

  /** What is known already stays as it is. */
  rememberSums(found: Readonly<Record<string, string>>): Promise<void> {
    if (Object.keys(found).every((url) => url in this.sums)) return Promise.resolve();
    return this.#update((state) => ({ ...state, sums: { ...found, ...state.sums } }));
  }

  get drill(): DrillRecord | undefined {
    return this.#state.drill;
  }

  get guard(): GuardMemory {
    return this.#state.guard ?? nothingSeen;
  }

  rememberGuard(guard: GuardMemory): Promise<void> {
    const { deeds, zonesOut } = guard;
    return this.#update((state) => ({
      ...state,
      guard: { ...guard, deeds: [...deeds], zonesOut: [...zonesOut] },
    }));
  }

  /** Undefined: it has ended. */
  rememberDrill(change: (drill: DrillRecord | undefined) => DrillRecord | undefined): Promise<void> {
    return this.#update(({ drill, ...state }) => {
      const after = change(drill);
      return after === undefined ? state : { ...state, drill: { ...after, wounds: [...after.wounds] } };
    });
  }

  pin(replica: string): Pin | undefined {
    return this.#state.pins[replica];
  }

  setPin(replica: string, pin: Pin): Promise<void> {
    return this.#update((state) => ({ ...state, pins: { ...state.pins, [replica]: pin } }));
  }

  /** The replica's pin as the SSH client wants it. @throws Error when the replica never had one. */
  pinRecord(replica: string): PinRecord {
    return {
      read: async () => {
        const pin = this.pin(replica);
        if (!pin) throw new Error(`haup knows no SSH host key of ${replica}: it did not make that machine`);
        return pin;
      },
      save: (pin) => this.setPin(replica, pin),
    };
  }

  forget(replica: string): Promise<void> {
    if (!this.pin(replica)) return Promise.resolve();
    return this.#update((state) => {
      const { [replica]: _, ...pins } = state.pins;
      return { ...state, pins };
    });
  }

  #update(change: (state: ClusterState) => ClusterState): Promise<void> {
    const saved = this.#queue.then(async () => {
      const state = change(this.#state);
      const { name } = state.spec;
      this.#revision =
        this.#revision === 0
          ? await this.#store.create(name, state, this.#first)
          : await this.#store.save(name, state, this.#revision);
      this.#state = state;
    });
    this.#queue = saved.catch(() => {}); // the caller hears of it; the next save starts from what was kept
    return saved;
  }
}

/** An older haup kept the history in the spec. */
function fromOlder(value: unknown): unknown {
  const old = oldSchema.safeParse(value);
  if (!old.success) return value;
  const { bootstrapped, attempts, ...spec } = old.data.spec;
  return { ...old.data, spec, history: { bootstrapped, attempts } };
}
