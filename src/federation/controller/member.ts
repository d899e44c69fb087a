import { messageOf } from '../../util/failure.ts';
import { collectionPath, type KindName, kindNames, kinds } from '../model/kinds.ts';
import { FEDERATION_LABEL } from '../model/names.ts';
import type { ApiObject } from '../model/object.ts';
import type { MemberState } from '../model/sight.ts';
import { type Health, observed, unseen } from '../plan/health.ts';
import { type Api, ApiRefusal } from './api.ts';
import { type Mirror, openMirror } from './mirror.ts';
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
  /** Of one kind in it, which it may not have, or not let us see. */
  stateOf(kind: KindName): MemberState;
  /** Kinds that it does not let us see, and why. */
  missing(): readonly string[];
  object(kind: KindName, name: string): ApiObject | null;
  objects(kind: KindName): Iterable<ApiObject>;
  put(kind: KindName, object: ApiObject): void;
  hasNamespace(namespace: string): boolean;
  slices(): Iterable<ApiObject>;
  /** `v1.37.1`; null: not known yet. */
  version(): string | null;
  /** Why it does not answer, in words; null: it does. */
  silence(): string | null;
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
  /** Its state, its version or what is missing is another. */
  readonly onState: () => void;
  readonly onEnd: (key: string) => void;
}

const PROBE_MS = 2_000;
/** Applies to one member at a time. A slow member holds up nobody but itself. */
const AT_ONCE = 16;
const SLICES = '/apis/discovery.k8s.io/v1/endpointslices';

export function openMember(options: MemberOptions): Member {
  const { name, region, zone, api, now, onState } = options;
  const labelSelector = `${FEDERATION_LABEL}=${options.federation}`;
  const mirrors = Object.fromEntries(
    kindNames.map((kind) => [
      kind,
      openMirror({
        api,
        path: collectionPath(kinds[kind]),
        labelSelector,
        onChange: (object) => options.onChange(kind, object),
        onFailure: onState,
      }),
    ]),
  ) as Record<KindName, Mirror>;
  // An EndpointSlice has its Service's labels.
  const slices = openMirror({
    api,
    path: SLICES,
    labelSelector,
    onChange: options.onSlice,
    onFailure: onState,
  });
  let health: Health = unseen(now());
  let version: string | null = null;
  let silence: string | null = null;
  let probing = false;

  const tell = (answered: boolean | null): void => {
    const was = health.state;
    health = observed(health, answered, now());
    if (health.state === was) return;
    // What was open leads to a server that is gone.
    if (health.state === 'lost') for (const mirror of [...Object.values(mirrors), slices]) mirror.reconnect();
    version = null;
    onState();
  };
  const probe = async (): Promise<void> => {
    tell(null);
    if (probing) return;
    probing = true;
    try {
      await api.text('/readyz', { timeoutMs: PROBE_MS });
      silence = null;
      tell(true);
      if (version !== null) return;
      version = String((await api.call('GET', '/version')).gitVersion ?? 'unknown');
      onState();
    } catch (error) {
      const why = messageOf(error);
      if (silence !== why) {
        silence = why;
        onState();
      }
      tell(false);
    } finally {
      probing = false;
    }
  };
  void probe();
  const timer = setInterval(() => void probe(), PROBE_MS);
  const ticker = setInterval(() => tell(null), 500);

  const stateOf = (kind: KindName): MemberState => {
    if (health.state !== 'ready') return health.state;
    // A kind that is not to be had there is as good as a cluster that is not there, for objects of that kind.
    if (isRefused(mirrors[kind])) return 'lost';
    return mirrors[kind].isWhole() && mirrors.Namespace.isWhole() ? 'ready' : 'unseen';
  };
  return {
    ...{ name, region, zone, api },
    runner: openRunner({ atOnce: AT_ONCE, onEnd: options.onEnd }),
    applied: new Map(),
    state: () => health.state,
    stateOf,
    missing: () =>
      kindNames.flatMap((kind) => {
        const failure = mirrors[kind].failure();
        return failure instanceof ApiRefusal ? [`${kind}: ${failure.message}`] : [];
      }),
    object: (kind, object) => mirrors[kind].get(object),
    objects: (kind) => mirrors[kind].all(),
    put: (kind, object) => mirrors[kind].put(object),
    hasNamespace(namespace) {
      if (namespace === 'default') return true;
      const there = mirrors.Namespace.get(namespace);
      return there !== null && there.metadata.deletionTimestamp === undefined;
    },
    slices: () => slices.all(),
    version: () => version,
    silence: () => silence,
    close() {
      clearInterval(timer);
      clearInterval(ticker);
      this.runner.close();
      for (const mirror of [...Object.values(mirrors), slices]) mirror.close();
      api.close();
    },
  };
}

function isRefused(mirror: Mirror): boolean {
  const failure = mirror.failure();
  return !mirror.isWhole() && failure instanceof ApiRefusal && [403, 404].includes(failure.status);
}
