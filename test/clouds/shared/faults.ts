/** One call that reached a test cloud (or was about to). */
export interface Call {
  /** Position among all calls, from 0. */
  readonly index: number;
  /** "forwardingRules.insert", "ec2.RunInstances". */
  readonly method: string;
}

export type Fault =
  /** The connection is cut before the cloud sees the request. */
  | { readonly kind: 'cut' }
  /** The cloud does what was asked, and the connection is cut before its answer. */
  | { readonly kind: 'lost-reply' }
  /** An error answer instead of doing anything. `code` is the cloud's own word for it. */
  | { readonly kind: 'refuse'; readonly status: number; readonly code: string; readonly message: string }
  /** What was asked begins, and fails later: an operation that ends in an error, an instance that terminates. */
  | { readonly kind: 'fail-later'; readonly code: string; readonly message: string }
  /** What was asked takes so much longer. */
  | { readonly kind: 'slow'; readonly ms: number };

export interface FaultRule {
  readonly when: (call: Call) => boolean;
  readonly fault: Fault;
  /** How many calls it hits; default 1. */
  times?: number;
}

/** The faults of a test cloud, and the record of its calls. */
export class Faults {
  readonly calls: Call[] = [];
  #rules: FaultRule[] = [];
  #paused = false;

  add(rule: FaultRule): void {
    this.#rules.push({ times: 1, ...rule });
  }

  clear(): void {
    this.#rules = [];
  }

  /** Neither faults nor records while `look` looks at what a run has left. */
  async paused<T>(look: () => Promise<T>): Promise<T> {
    this.#paused = true;
    try {
      return await look();
    } finally {
      this.#paused = false;
    }
  }

  /** Records a call and says what is to go wrong with it. */
  arrive(method: string): Fault | undefined {
    if (this.#paused) return undefined;
    const call = { index: this.calls.length, method };
    this.calls.push(call);
    const rule = this.#rules.find((candidate) => (candidate.times ?? 1) > 0 && candidate.when(call));
    if (!rule) return undefined;
    rule.times = (rule.times ?? 1) - 1;
    return rule.fault;
  }
}

/** Thrown where the process is to die; see {@link Crash}. */
export class CrashError extends Error {
  override readonly name = 'CrashError';
}

/** Kills a client at its n-th call: that call does not return, and none after it is sent. */
export class Crash {
  #left: number;
  readonly #when: 'before' | 'after';
  #dead = false;

  /** `before`: the call is not sent any more; `after`: it is carried out, its answer never read. */
  constructor(atCall: number, when: 'before' | 'after') {
    this.#left = atCall;
    this.#when = when;
  }

  get happened(): boolean {
    return this.#dead;
  }

  async around<T>(send: () => Promise<T>): Promise<T> {
    if (this.#dead) throw new CrashError('this process is dead');
    if (this.#left-- > 0) return send();
    if (this.#when === 'before') this.#dead = true;
    else
      await send().finally(() => {
        this.#dead = true;
      });
    throw new CrashError('the process died here');
  }
}
