import type { z } from 'zod';
import type { Clock } from '../../../util/clock.ts';
import { understood } from '../../../util/text/understood.ts';
import type { ClusterIdentity } from '../../provider.ts';
import { retry } from '../../shared/retry.ts';
import { freshToken } from '../../shared/tokens.ts';
import { lastPart, type Names, regionOf } from '../names.ts';
import { classify, classifyOperation, GceError, misunderstood } from './errors.ts';
import type { Fields, Method, Rest } from './rest.ts';
import { aggregatedPageOf, type Operation, operation, pageOf } from './schemas.ts';

/** Where and as whom the provider works: what every part of it needs. */
export interface Context {
  readonly cluster: ClusterIdentity;
  readonly names: Names;
  /** What the description of every resource of the cluster says: its label. */
  readonly description: string;
  readonly clock: Clock;
  readonly progress: (message: string) => void;
  readonly cloud: Cloud;
}

/** Reads and mutations of Compute Engine: retried, waited for, their errors sorted. The one place for all of that. */
export interface Cloud {
  readonly signal: AbortSignal;
  /** The project, found at the first call. */
  project(): Promise<string>;
  /** Null when the cloud says not found. */
  get<T extends z.ZodType>(method: Method, request: Fields, schema: T): Promise<z.infer<T> | null>;
  /** A call that must answer: `getHealth`, a region. */
  ask<T extends z.ZodType>(method: Method, request: Fields, schema: T): Promise<z.infer<T>>;
  /** All pages of a list. */
  list<T extends z.ZodType>(method: Method, request: Fields, item: T): Promise<z.infer<T>[]>;
  /**
   * All pages of an aggregated list; `key` is the field of each scope that holds its items. A scope of the cluster's region that does not
   * answer is an error.
   */
  aggregated<T extends z.ZodType>(
    method: Method,
    request: Fields,
    key: string,
    item: T,
  ): Promise<z.infer<T>[]>;
  /**
   * Starts a mutation and waits for its operation. `what` says what it does, as it begins a message: "creating the
   * address demo-api". A lost reply is asked for again under the same request id; after a terminal answer that is worth
   * another try, under another one.
   */
  mutate(method: Method, request: Fields, what: string, options?: MutateOptions): Promise<void>;
  /** The same cloud, heeding another signal: for the section that must not be left half done. */
  heeding(signal: AbortSignal): Cloud;
}

export interface MutateOptions {
  /** The first request id; default: a fresh one. */
  readonly requestId?: string;
  /** Which errors, beside transient ones, pass by themselves ("in use" just after the user was deleted). */
  readonly passing?: (error: GceError) => boolean;
  readonly deadlineMs?: number;
  readonly firstPauseMs?: number;
  readonly maxPauseMs?: number;
  /** Called as soon as the cloud has accepted the request, before its operation is waited for. */
  readonly accepted?: () => void;
}

export interface CloudOptions {
  readonly rest: Rest;
  readonly uid: string;
  /** The cluster's: nothing of it is in another. */
  readonly region: string;
  readonly project: () => Promise<string>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** How long an operation may run. kube-up warned of up to 20 minutes for a forwarding rule (cluster/gce/util.sh). */
const OPERATION_LIMIT_MS = 20 * 60_000;

export function openCloud(options: CloudOptions): Cloud {
  const { rest, clock, random, signal } = options;

  /** One answer, however many attempts. */
  async function answer(
    method: Method,
    request: Fields,
    what: string,
    deadlineMs = 120_000,
  ): Promise<unknown> {
    return retry(() => attempt(method, request, what), {
      what,
      clock,
      random,
      signal,
      deadlineMs,
      retryAfterMs: (error) => (error instanceof GceError ? error.retryAfterMs : undefined),
    });
  }

  async function attempt(method: Method, request: Fields, what: string): Promise<unknown> {
    const project = await options.project();
    try {
      return await rest.call(method, { project, ...request }, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Error && error.name === 'CrashError') throw error;
      throw classify(error, what, project);
    }
  }

  async function pages<P extends { nextPageToken?: string | undefined }>(
    method: Method,
    request: Fields,
    parse: (page: unknown) => P,
  ): Promise<P[]> {
    const found: P[] = [];
    let pageToken: string | undefined;
    do {
      const page = parse(
        await answer(method, { ...request, ...(pageToken ? { pageToken } : {}) }, reading(method)),
      );
      found.push(page);
      if (page.nextPageToken && page.nextPageToken === pageToken)
        throw misunderstood(reading(method), 'the next page is the one before');
      pageToken = page.nextPageToken || undefined;
    } while (pageToken);
    return found;
  }

  /** Waits for an operation's end; the error that it ended in, if it did. */
  async function finish(started: Operation, what: string): Promise<GceError | null> {
    let current = started;
    const began = clock.now();
    const scope = current.zone
      ? { zone: lastPart(current.zone) }
      : current.region
        ? { region: lastPart(current.region) }
        : {};
    const service = current.zone
      ? 'zoneOperations'
      : current.region
        ? 'regionOperations'
        : 'globalOperations';
    while (current.status !== 'DONE') {
      if (clock.now() - began > OPERATION_LIMIT_MS) {
        throw new GceError(
          'transient',
          'operationTimeout',
          `${what}: operation ${current.name} still runs after 20 minutes`,
        );
      }
      // `wait` answers after two minutes at the latest, whatever the status then is (compute v1 reference).
      const waited = await answer(`${service}.wait`, { ...scope, operation: current.name }, what);
      current = readReply(operation, waited, what);
    }
    const errors = current.error?.errors ?? [];
    if (errors.length === 0) return null;
    return classifyOperation(errors, current.httpErrorStatusCode, what, await options.project());
  }

  return {
    signal,
    project: options.project,
    heeding: (other) => openCloud({ ...options, signal: other }),
    async get(method, request, schema) {
      try {
        return readReply(schema, await answer(method, request, reading(method)), reading(method));
      } catch (error) {
        if (error instanceof GceError && error.kind === 'not-found') return null;
        throw error;
      }
    },
    ask: async (method, request, schema) =>
      readReply(schema, await answer(method, request, reading(method)), reading(method)),
    async list(method, request, item) {
      return (await pages(method, request, (page) => readReply(pageOf(item), page, reading(method)))).flatMap(
        (page) => page.items,
      );
    },
    async aggregated(method, request, key, item) {
      const found = await pages(method, request, (page) =>
        readReply(aggregatedPageOf(key, item), page, reading(method)),
      );
      for (const page of found) refuseGaps(page, method, options.region);
      // Every zone is in it, those without anything too.
      if (found.every((page) => Object.keys(page.items).length === 0))
        throw misunderstood(reading(method), 'no zone is in it');
      return found.flatMap((page) => Object.values(page.items).flatMap((scope) => scope.items));
    },
    async mutate(method, request, what, how = {}) {
      let requestId = how.requestId ?? freshToken(options.uid, method);
      let accepted = false;
      await retry(
        async () => {
          const started = readReply(operation, await attempt(method, { ...request, requestId }, what), what);
          if (!accepted) how.accepted?.();
          accepted = true;
          const failure = await finish(started, what);
          if (failure === null) return;
          requestId = freshToken(options.uid, method); // a finished operation's id is spent
          throw failure;
        },
        {
          what,
          clock,
          random,
          signal,
          deadlineMs: how.deadlineMs ?? 300_000,
          ...(how.firstPauseMs === undefined ? {} : { firstPauseMs: how.firstPauseMs }),
          ...(how.maxPauseMs === undefined ? {} : { maxPauseMs: how.maxPauseMs }),
          again: (error) =>
            error instanceof GceError && (error.kind === 'transient' || (how.passing?.(error) ?? false)),
          retryAfterMs: (error) => (error instanceof GceError ? error.retryAfterMs : undefined),
        },
      );
    },
  };
}

/** An aggregated list, which is of all the world, can lack whole zones and still be a success; what is missing is not gone. */
function refuseGaps(
  page: {
    readonly unreachables: readonly string[];
    readonly items: Readonly<
      Record<string, { warning?: { code: string; message: string } | null | undefined }>
    >;
  },
  method: Method,
  region: string,
): void {
  const warned = Object.entries(page.items).filter(([, scope]) => scope.warning?.code === 'UNREACHABLE');
  const scopes = [...page.unreachables, ...warned.map(([scope]) => scope)].map(lastPart);
  const unreachable = scopes.filter((scope) => !isElsewhere(scope, region));
  if (unreachable.length === 0) return;
  throw new GceError(
    'transient',
    'unreachable',
    `${reading(method)}: Compute Engine cannot reach ${unreachable.join(', ')} now, so what is there is not known`,
    { advice: 'Try again later; https://status.cloud.google.com shows zones in trouble.' },
  );
}

/** A zone or region other than the cluster's. What is neither may hold something of it. */
function isElsewhere(scope: string, region: string): boolean {
  return /^[a-z]+-[a-z]+\d+(-[a-z])?$/.test(scope) && regionOf(scope) !== region;
}

/** What haup reads of an answer. What has another form says nothing: it is asked again another time, and nothing is planned. */
function readReply<S extends z.ZodType>(schema: S, answer: unknown, what: string): z.output<S> {
  return understood(schema, answer, (how) => misunderstood(what, how));
}

/** "reading region backend services" of `regionBackendServices.get`. */
function reading(method: Method): string {
  const words = (method.split('.')[0] ?? '').replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `reading ${words}`;
}
