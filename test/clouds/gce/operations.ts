import type { CloudClock } from '../shared/clock.ts';
import type { Fault } from '../shared/faults.ts';
import { invalid, notFound, OperationError, Refusal } from './refusal.ts';
import type { Message, Store } from './store.ts';

export interface Operation {
  readonly message: Message;
  /** What the request was, so that its id cannot be used for another. */
  readonly request: string;
  readonly ended: Promise<void>;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const ZERO = '00000000-0000-0000-0000-000000000000';
/** `wait` answers after two minutes at the latest, whatever the status is then (compute v1 reference). */
const WAIT_MS = 120_000;

/** Mutations happen later: an operation runs for a while and then has, or has not, done what was asked. */
export class Operations {
  readonly #store: Store;
  readonly #clock: CloudClock;
  readonly #byName = new Map<string, Operation>();
  readonly #byRequestId = new Map<string, Operation>();
  #next = 1;
  /** Operations that have not ended. */
  running = 0;

  constructor(store: Store, clock: CloudClock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * The operation of an earlier request with this id, which makes this one be ignored, whatever has become of what
   * that one did (compute v1 reference, `requestId`). @throws 400 for ids that GCE refuses.
   */
  repeated(requestId: string | undefined, request: string): Operation | undefined {
    if (requestId === undefined) return undefined;
    if (!UUID.test(requestId) || requestId === ZERO)
      throw invalid(`Invalid value for field 'requestId': '${requestId}'`);
    const earlier = this.#byRequestId.get(requestId);
    if (earlier && earlier.request !== request) {
      // What GCE does then is not documented; for haup it would be a defect.
      throw invalid(`requestId ${requestId} was used for ${earlier.request} and is now used for ${request}`);
    }
    return earlier;
  }

  /**
   * Begins an operation. `apply` runs at its end; `undo` when it ends in an error instead.
   */
  begin(options: {
    readonly request: string;
    readonly requestId: string | undefined;
    /** `zones/z`, `regions/r` or `global`. */
    readonly scope: string;
    readonly target: string;
    readonly delayMs: number;
    readonly fault: Fault | undefined;
    readonly apply: () => void | Promise<void>;
    readonly undo: () => void | Promise<void>;
  }): Operation {
    const { scope, fault } = options;
    const name = `operation-${this.#next++}`;
    const [kind, place] = scope.split('/');
    const message: Message = {
      kind: 'compute#operation',
      id: this.#store.id(),
      name,
      operationType: options.request.split(' ')[0]?.split('.')[1] ?? '',
      status: 'RUNNING',
      progress: 0,
      targetLink: this.#store.link(options.target),
      selfLink: this.#store.link(`${scope}/operations/${name}`),
      ...(kind === 'zones' ? { zone: this.#store.link(`zones/${place}`) } : {}),
      ...(kind === 'regions' ? { region: this.#store.link(`regions/${place}`) } : {}),
    };
    const delay = options.delayMs + (fault?.kind === 'slow' ? fault.ms : 0);
    this.running++;
    const ended = new Promise<void>((resolve) => {
      this.#clock.after(delay, () => {
        const work = async () => {
          if (fault?.kind === 'fail-later') throw new OperationError(fault.code, fault.message);
          await options.apply();
        };
        this.#clock
          .busy(work)
          .catch(async (error: unknown) => {
            await this.#clock.busy(async () => options.undo());
            Object.assign(message, failureOf(error));
          })
          .finally(() => {
            message.status = 'DONE';
            message.progress = 100;
            this.running--;
            resolve();
          });
      });
    });
    const operation = { message, request: options.request, ended };
    this.#byName.set(`${scope}/operations/${name}`, operation);
    if (options.requestId !== undefined) this.#byRequestId.set(options.requestId, operation);
    return operation;
  }

  /** Holds the request until the operation has ended, two minutes at most. */
  async wait(scope: string, name: string): Promise<Message> {
    const operation = this.#byName.get(`${scope}/operations/${name}`);
    if (!operation) throw notFound(`${this.#store.project}/${scope}/operations/${name}`);
    if (operation.message.status !== 'DONE') {
      let callOff = () => {};
      const limit = new Promise<void>((resolve) => {
        callOff = this.#clock.after(WAIT_MS, resolve);
      });
      await this.#clock.parked(Promise.race([operation.ended, limit]));
      callOff();
    }
    return operation.message;
  }
}

function failureOf(error: unknown): Message {
  const [code, message, status] =
    error instanceof OperationError
      ? [error.code, error.message, error.httpStatus]
      : error instanceof Refusal
        ? [CODES[error.reason] ?? error.reason.toUpperCase(), error.message, error.status]
        : [
            'INTERNAL_ERROR',
            error instanceof Error ? `${error.message}\n${error.stack}` : String(error),
            500,
          ];
  return { error: { errors: [{ code, message }] }, httpErrorStatusCode: status, httpErrorMessage: message };
}

/** An answer's reason, as the code of an operation that ends in it. */
const CODES: Readonly<Record<string, string>> = {
  resourceInUseByAnotherResource: 'RESOURCE_IN_USE_BY_ANOTHER_RESOURCE',
  ipInUse: 'IP_IN_USE_BY_ANOTHER_RESOURCE',
  quotaExceeded: 'QUOTA_EXCEEDED',
  notFound: 'RESOURCE_NOT_FOUND',
  invalid: 'INVALID_USAGE',
};
