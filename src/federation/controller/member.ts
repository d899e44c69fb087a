import { messageOf } from '../../util/failure.ts';
import { collectionPath, type KindName, kindNames, kinds } from '../model/kinds.ts';
import { FEDERATION_LABEL } from '../model/names.ts';
import type { ApiObject } from '../model/object.ts';
import type { MemberState } from '../model/sight.ts';
import { type Health, observed, unseen } from '../plan/health.ts';
import { type Api, ApiRefusal } from './api.ts';
import { type Mirror, openMirror, pause } from './mirror.ts';
import { openRunner, type Runner } from './runner.ts';

/** A member cluster, watched. */
export interface Member {
  readonly name: string;
  readonly region: string;
  readonly zone: string;
  readonly api: Api;
  readonly runner: Runner;
  /** What the last apply made of each object. */
  readonly applied: Map<string, { readonly digest: string; readonly resourceVersion: string }>;
  /** Of its API server alone. */
  state(): MemberState;
  /** When it answered, and when not. */
  health(): Health;
  /** Of one kind in it, which it may not have, or not let us see. */
  stateOf(kind: KindName): MemberState;
  /** Of its Services with their endpoints. */
  stateOfShards(): MemberState;
  /** Kinds that it does not let us see, and why. */
  missing(): readonly string[];
  object(kind: KindName, name: string): ApiObject | null;
  objects(kind: KindName): Iterable<ApiObject>;
  /** No object of the kind can be in it that was not seen, unless it came since. `made`: of a federated one, its `creationTimestamp`. */
  isKnown(kind: KindName, made: unknown): boolean;
  put(kind: KindName, object: ApiObject): void;
  hasNamespace(namespace: string): boolean;
  slices(): Iterable<ApiObject>;
  /** `v1.37.1`; null: not known yet. */
  version(): string | null;
  /** Why it does not answer, in words; null: it does. */
  silence(): string | null;
  /** Begins nothing more, and resolves once what was under way has ended. */
  leave(): Promise<void>;
  /** At once. */
  close(): void;
}

export interface MemberOptions {
  readonly name: string;
  readonly region: string;
  readonly zone: string;
  readonly federation: string;
  readonly api: Api;
  readonly now: () => number;
  /** An object came, changed or went; null: all of the kind may have. */
  readonly onChange: (kind: KindName, name: string | null) => void;
  readonly onSlice: () => void;
  /** What is to be told of it is another: its version, what is missing. `moved`: its state too, or that of a kind in it. */
  readonly onState: (moved: boolean) => void;
  readonly onEnd: (key: string) => void;
  /** It was asked once more, or some time has passed. */
  readonly onHealth?: () => void;
}

const PROBE_MS = 2_000;
const TICK_MS = 500;
/** Applies to one member at a time. A slow member holds up nobody but itself. */
const AT_ONCE = 16;
/** A member that answers, and of which something could not be read for so long, is as good as without it: the others wait no longer. */
const READ_WITHIN_MS = 30_000;
/** The federation's API servers, which say when something was made, may have other clocks. */
const CLOCKS_DIFFER_MS = 10_000;
/** How long what is under way in a member that leaves may take. */
const LEAVE_MS = 8_000;
const SLICES = '/apis/discovery.k8s.io/v1/endpointslices';

export function openMember(options: MemberOptions): Member {
  const { name, region, zone, api, now } = options;
  const labelSelector = `${FEDERATION_LABEL}=${options.federation}`;
  const runner = openRunner({ atOnce: AT_ONCE, onEnd: options.onEnd });
  const mirrors = Object.fromEntries(
    kindNames.map((kind) => [
      kind,
      openMirror({
        ...{ api, path: collectionPath(kinds[kind]), labelSelector, onFailure: look },
        onChange(object) {
          options.onChange(kind, object);
          if (object === null) look();
        },
      }),
    ]),
  ) as Record<KindName, Mirror>;
  // An EndpointSlice has its Service's labels.
  const slices = openMirror({
    ...{ api, path: SLICES, labelSelector, onFailure: look },
    onChange(object) {
      options.onSlice();
      if (object === null) look();
    },
  });
  const all = [...Object.values(mirrors), slices];
  const failingSince = new Map<Mirror, number>();
  let health: Health = unseen(now());
  let answersSince = now();
  const opened = Date.now();
  let version: string | null = null;
  let silence: string | null = null;
  let probing = false;
  let told = '';
  let closed = false;

  /** A kind that is not to be had there is as good as a cluster that is not there, for objects of that kind. */
  function stateBy(...needed: readonly Mirror[]): MemberState {
    if (health.state !== 'ready') return health.state;
    if (needed.some((mirror) => isRefused(mirror) || isOverdue(mirror))) return 'lost';
    return needed.every((mirror) => mirror.isWhole()) ? 'ready' : 'unseen';
  }

  function isOverdue(mirror: Mirror): boolean {
    const since = Math.max(answersSince, failingSince.get(mirror) ?? (mirror.isWhole() ? now() : 0));
    return now() - since >= READ_WITHIN_MS;
  }

  const stateOf = (kind: KindName): MemberState => stateBy(mirrors[kind], mirrors.Namespace);
  const stateOfShards = (): MemberState => stateBy(mirrors.Service, mirrors.Namespace, slices);
  const states = (): string => [health.state, ...kindNames.map(stateOf), stateOfShards()].join();

  /** Something may be another than it was told. */
  function look(): void {
    if (closed) return;
    for (const mirror of all) {
      if (mirror.failure() === null) failingSince.delete(mirror);
      else if (!failingSince.has(mirror)) failingSince.set(mirror, now());
    }
    const before = told;
    told = states();
    options.onState(told !== before);
  }

  const tell = (answered: boolean | null): void => {
    const was = health.state;
    health = observed(health, answered, now());
    if (health.state !== was) {
      if (health.state === 'ready') answersSince = now();
      // What was open leads to a server that is gone.
      if (health.state === 'lost') for (const mirror of all) mirror.reconnect();
      version = null;
      look();
    } else if (states() !== told) look();
    options.onHealth?.();
  };
  const askVersion = async (): Promise<void> => {
    version = String((await api.call('GET', '/version')).gitVersion ?? 'unknown');
    look();
  };
  const probe = async (): Promise<void> => {
    if (probing) return;
    probing = true;
    try {
      await api.text('/readyz', { timeoutMs: PROBE_MS });
      silence = null;
      tell(true);
      if (version === null) void askVersion().catch(() => {});
    } catch (error) {
      const why = silenceOf(error);
      const isNew = silence !== why;
      silence = why;
      tell(false);
      if (isNew) look();
    } finally {
      probing = false;
    }
  };
  void probe();
  const timer = setInterval(() => void probe(), PROBE_MS);
  const ticker = setInterval(() => tell(null), TICK_MS);

  const stop = (): void => {
    closed = true;
    clearInterval(timer);
    clearInterval(ticker);
    runner.close();
    for (const mirror of all) mirror.close();
  };
  const missingOf = (called: string, mirror: Mirror): readonly string[] => {
    const failure = mirror.failure();
    if (isNone(mirror)) return [`${called}: this cluster has no such kind, and gets none of them`];
    if (failure instanceof ApiRefusal) return [`${called}: ${failure.message}`];
    return health.state === 'ready' && isOverdue(mirror)
      ? [
          `${called}: could not be read for ${READ_WITHIN_MS / 1000} s: ${failure?.message ?? 'no answer yet'}`,
        ]
      : [];
  };
  return {
    ...{ name, region, zone, api, runner, stateOf, stateOfShards },
    applied: new Map(),
    state: () => health.state,
    health: () => health,
    missing: () => [
      ...kindNames.flatMap((kind) => missingOf(kind, mirrors[kind])),
      ...missingOf('EndpointSlice', slices),
    ],
    object: (kind, object) => mirrors[kind].get(object),
    objects: (kind) => mirrors[kind].all(),
    isKnown: (kind, made) =>
      mirrors[kind].hasRead() ||
      isNone(mirrors[kind]) ||
      Date.parse(String(made)) > opened + CLOCKS_DIFFER_MS,
    put: (kind, object) => mirrors[kind].put(object),
    hasNamespace(namespace) {
      if (namespace === 'default') return true;
      const there = mirrors.Namespace.get(namespace);
      return there !== null && there.metadata.deletionTimestamp === undefined;
    },
    slices: () => slices.all(),
    version: () => version,
    silence: () => silence,
    async leave() {
      stop();
      const waited = new AbortController();
      await Promise.race([runner.idle(), pause(LEAVE_MS, waited.signal)]);
      waited.abort();
      api.close();
    },
    close() {
      stop();
      api.close();
    },
  };
}

/** The cluster has no such kind. */
function isNone(mirror: Mirror): boolean {
  const failure = mirror.failure();
  return failure instanceof ApiRefusal && failure.status === 404;
}

function isRefused(mirror: Mirror): boolean {
  const failure = mirror.failure();
  return !mirror.isWhole() && failure instanceof ApiRefusal && [403, 404].includes(failure.status);
}

/** Why a member does not count as there. */
function silenceOf(error: unknown): string {
  if (error instanceof ApiRefusal && [401, 403].includes(error.status))
    return `it refuses the federation's token (${error.message}): join it again`;
  return messageOf(error);
}
