import {
  type Api,
  ApiRefusal,
  type CallOptions,
  type WatchEvent,
} from '../../src/federation/controller/api.ts';
import { collectionPath, kindNames, kinds } from '../../src/federation/model/kinds.ts';
import { CLUSTERS_API, PROFILES_API } from '../../src/federation/model/names.ts';
import {
  type ApiObject,
  type Fields,
  fieldsOf,
  isFields,
  listOf,
} from '../../src/federation/model/object.ts';

/** What becomes of a call before anything is done: it goes on (undefined), or is refused by what is thrown, or hangs with the promise. */
export type OnCall = (method: string, path: string, body: unknown) => void | Promise<void>;

/** An API server in memory, as far as a federation uses one: objects with versions, lists in pages, watches, applies. */
export interface MemoryApi {
  /** A client; each may have mishaps of its own, before anything is done and, once it is done, before it is told. */
  client(onCall?: OnCall, onReply?: OnCall): Api;
  get(path: string): ApiObject | null;
  /** As somebody else: makes or replaces it. */
  put(path: string, object: Partial<ApiObject>): ApiObject;
  remove(path: string): void;
  /** By path. */
  readonly objects: ReadonlyMap<string, ApiObject>;
  /** Forgets what watches could go on from. */
  forget(): void;
  /** Ends all watches, as a server that stops. */
  cut(): void;
  readonly watchers: number;
}

interface Change {
  readonly type: string;
  readonly version: number;
  readonly collection: string;
  readonly object: ApiObject;
  /** As it was: who watches a label is told that what has lost it is gone. */
  readonly before: ApiObject | undefined;
}

interface Collection {
  readonly apiVersion: string;
  readonly kind: string;
}

const COLLECTIONS: ReadonlyMap<string, Collection> = new Map<string, Collection>([
  ...kindNames.map((kind) => [collectionPath(kinds[kind]), kinds[kind]] as const),
  ['/apis/discovery.k8s.io/v1/endpointslices', { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' }],
  [`/apis/${CLUSTERS_API}/clusters`, { apiVersion: CLUSTERS_API, kind: 'Cluster' }],
  [`/apis/${PROFILES_API}/clusterprofiles`, { apiVersion: PROFILES_API, kind: 'ClusterProfile' }],
  ['/api/v1/serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount' }],
  ...['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding'].map((kind) => {
    const apiVersion = 'rbac.authorization.k8s.io/v1';
    return [`/apis/${apiVersion}/${kind.toLowerCase()}s`, { apiVersion, kind }] as const;
  }),
  ['/apis/coordination.k8s.io/v1/leases', { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' }],
]);

export interface MemoryOptions {
  /** Begins all uids. */
  readonly uid?: string;
  /** Kinds that it has not. */
  readonly without?: readonly string[];
  /** RFC 3339, of tokens that it gives. */
  readonly tokenExpires?: string;
}

export function memoryApi(options: MemoryOptions = {}): MemoryApi {
  const objects = new Map<string, ApiObject>();
  /** What each manager has applied last, by path. */
  const applied = new Map<string, Map<string, Fields>>();
  const watches = new Set<{ push(change: Change): void; end(): void }>();
  let changes: Change[] = [];
  let version = 100;
  let uids = 0;
  let oldest = 0;

  function store(path: string, object: ApiObject): ApiObject {
    const before = objects.get(path);
    const { resourceVersion: _, ...metadata } = object.metadata;
    const generation =
      (before?.metadata.generation ?? 0) + (same(before?.spec, object.spec) && before ? 0 : 1);
    const uid = before?.metadata.uid ?? `uid-${options.uid ?? ''}${++uids}`;
    const next = { ...object, metadata: { ...metadata, uid, generation } } as ApiObject;
    if (before && same({ ...before, metadata: { ...before.metadata, resourceVersion: undefined } }, next))
      return before;
    const kept = { ...next, metadata: { ...next.metadata, resourceVersion: String(++version) } };
    objects.set(path, kept);
    publish(before ? 'MODIFIED' : 'ADDED', path, kept, before);
    return kept;
  }

  function publish(type: string, path: string, object: ApiObject, before?: ApiObject): void {
    const change = { type, version, object, before, collection: place(path)!.collection };
    changes.push(change);
    for (const watch of [...watches]) watch.push(change);
  }

  function remove(path: string): void {
    const object = objects.get(path);
    if (!object) return;
    objects.delete(path);
    applied.delete(path);
    publish('DELETED', path, {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(++version) },
    });
  }

  function answer(method: string, path: string, { body, contentType }: CallOptions): ApiObject {
    const url = new URL(path, 'https://memory');
    if (url.pathname === '/version') return { gitVersion: 'v1.37.1' } as unknown as ApiObject;
    const found = place(url.pathname);
    if (!found || options.without?.includes(found.kind)) throw missing(url.pathname);
    const there = objects.get(found.path);
    if (method === 'GET') {
      if (found.isCollection) return list(found, url.searchParams);
      if (!there) throw missing(found.path);
      return there;
    }
    if (method === 'POST' && url.pathname.endsWith('/token'))
      return {
        ...(body as ApiObject),
        status: { token: 'the-token', expirationTimestamp: options.tokenExpires },
      };
    if (method === 'POST') {
      const object = body as ApiObject;
      const at = `${found.path}/${object.metadata.name}`;
      if (objects.has(at)) throw new ApiRefusal(409, 'AlreadyExists', `${at} already exists`);
      return store(at, object);
    }
    if (method === 'DELETE') {
      if (!there) throw missing(found.path);
      const { uid } = fieldsOf(fieldsOf(body).preconditions);
      if (uid !== undefined && uid !== there.metadata.uid)
        throw new ApiRefusal(409, 'Conflict', 'another uid');
      remove(found.path);
      return there;
    }
    if (method === 'PUT') {
      if (!there) throw missing(found.path);
      const object = body as ApiObject;
      if (object.metadata.resourceVersion !== there.metadata.resourceVersion)
        throw new ApiRefusal(409, 'Conflict', 'it is not as it was');
      return store(found.path, object);
    }
    if (contentType !== 'application/apply-patch+yaml') {
      if (!there) throw missing(found.path);
      return store(found.path, merged(there, fieldsOf(body)) as ApiObject);
    }
    const inNamespace = /\/namespaces\/([^/]+)\/[^/]+\/[^/]+$/.exec(found.path)?.[1];
    if (inNamespace && inNamespace !== 'default' && !objects.has(`/api/v1/namespaces/${inNamespace}`))
      throw missing(`/api/v1/namespaces/${inNamespace}`);
    const managers = applied.get(found.path) ?? new Map<string, Fields>();
    const manager = url.searchParams.get('fieldManager') ?? '';
    const kept = dropped(there ?? {}, managers.get(manager) ?? {}, fieldsOf(body));
    const made = store(found.path, merged(kept, fieldsOf(body)) as ApiObject);
    applied.set(found.path, managers.set(manager, fieldsOf(body)));
    return made;
  }

  function list(found: Place, query: URLSearchParams): ApiObject {
    const items = [...objects].filter(([path, object]) => within(path, found) && selected(object, query));
    const from = Number(query.get('continue') ?? 0);
    const limit = Number(query.get('limit') ?? items.length);
    const page = items.sort(([a], [b]) => (a < b ? -1 : 1)).slice(from, from + limit);
    const more = from + limit < items.length ? { continue: String(from + limit) } : {};
    const { apiVersion, kind } = COLLECTIONS.get(found.collection)!;
    return {
      ...{ apiVersion, kind: `${kind}List` },
      metadata: { resourceVersion: String(version), ...more } as unknown as ApiObject['metadata'],
      items: page.map(([, { apiVersion: _, kind: __, ...item }]) => item),
    };
  }

  return {
    objects,
    client(onCall = () => {}, onReply = () => {}): Api {
      const open = new Set<() => void>();
      return {
        async call(method, path, given = {}) {
          await onCall(method, path, given.body);
          given.signal?.throwIfAborted();
          const answered = structuredClone(answer(method, path, given));
          await onReply(method, path, given.body);
          return answered;
        },
        async text(path) {
          await onCall('GET', path, undefined);
          return 'ok';
        },
        async watch(path, onEvent, signal) {
          await onCall('WATCH', path, undefined);
          signal.throwIfAborted();
          const url = new URL(path, 'https://memory');
          const found = place(url.pathname);
          if (!found || options.without?.includes(found.kind)) throw missing(url.pathname);
          const from = Number(url.searchParams.get('resourceVersion'));
          if (from < oldest) throw new ApiRefusal(410, 'Expired', 'too old resource version');
          await new Promise<void>((resolve, reject) => {
            const end = (): void => {
              watches.delete(watch);
              open.delete(end);
              signal.removeEventListener('abort', abort);
              resolve();
            };
            const abort = (): void => {
              end();
              reject(signal.reason);
            };
            const watch = {
              push(change: Change): void {
                if (change.collection !== found.collection) return;
                const isSelected = selected(change.object, url.searchParams);
                if (!isSelected && !(change.before && selected(change.before, url.searchParams))) return;
                const type = isSelected ? change.type : 'DELETED';
                const event = structuredClone({ type, object: change.object }) as WatchEvent;
                queueMicrotask(() => {
                  if (!watches.has(watch)) return;
                  try {
                    onEvent(event);
                  } catch (error) {
                    end();
                    reject(error);
                  }
                });
              },
              end,
            };
            watches.add(watch);
            open.add(end);
            signal.addEventListener('abort', abort);
            for (const change of changes) if (change.version > from) watch.push(change);
          });
        },
        close() {
          for (const end of [...open]) end();
        },
      };
    },
    get: (path) => objects.get(path) ?? null,
    put(path, object) {
      const { apiVersion, kind } = COLLECTIONS.get(place(path)!.collection)!;
      const parts = /\/namespaces\/([^/]+)\/[^/]+\/([^/]+)$/.exec(path);
      const metadata = parts ? { name: parts[2]!, namespace: parts[1]! } : { name: path.split('/').at(-1)! };
      return store(path, { apiVersion, kind, ...object, metadata: { ...object.metadata, ...metadata } });
    },
    remove,
    forget() {
      changes = [];
      oldest = version;
    },
    cut() {
      for (const { end } of [...watches]) end();
    },
    get watchers() {
      return watches.size;
    },
  };
}

interface Place {
  /** Without the namespace. */
  readonly collection: string;
  readonly kind: string;
  readonly isCollection: boolean;
  /** Without a subresource. */
  readonly path: string;
}

function place(path: string): Place | null {
  const parts = path.split('/');
  const start = parts[1] === 'api' ? 3 : 4;
  const isNamespaced = parts[start] === 'namespaces' && parts.length > start + 2;
  const [plural, name] = parts.slice(isNamespaced ? start + 2 : start);
  const collection = [...parts.slice(0, start), plural].join('/');
  const known = COLLECTIONS.get(collection);
  const end = (isNamespaced ? start + 2 : start) + (name === undefined ? 1 : 2);
  return known
    ? { collection, kind: known.kind, isCollection: name === undefined, path: parts.slice(0, end).join('/') }
    : null;
}

function within(path: string, { collection, path: asked }: Place): boolean {
  const at = place(path);
  return at?.collection === collection && (asked === collection || path.startsWith(`${asked}/`));
}

function selected(object: ApiObject, query: URLSearchParams): boolean {
  const [label, value] = (query.get('labelSelector') ?? '').split('=');
  return !label || object.metadata.labels?.[label] === value;
}

function missing(path: string): ApiRefusal {
  return new ApiRefusal(404, 'NotFound', `${path} not found`);
}

/** As a merge patch has it: null takes away. Lists are taken whole. */
function merged(into: Fields, from: Fields): Fields {
  const result: Record<string, unknown> = { ...into };
  for (const [field, value] of Object.entries(from)) {
    if (value === null) delete result[field];
    else result[field] = isFields(value) ? merged(fieldsOf(result[field]), value) : value;
  }
  return result;
}

/** Without what was applied before and is no more. */
function dropped(object: Fields, before: Fields, now: Fields): Fields {
  const result: Record<string, unknown> = { ...object };
  for (const [field, value] of Object.entries(before)) {
    if (isFields(value)) result[field] = dropped(fieldsOf(result[field]), value, fieldsOf(now[field]));
    else if (!(field in now)) delete result[field];
  }
  return result;
}

function same(a: unknown, b: unknown): boolean {
  if (isFields(a) && isFields(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].every((key) => same(a[key], b[key]));
  }
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && listOf(a).every((item, index) => same(item, b[index]));
  return a === b;
}
