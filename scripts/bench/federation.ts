import { APPLY, type Api, openApi } from '../../src/federation/controller/api.ts';
import { startController } from '../../src/federation/controller/controller.ts';
import { collectionPath, type KindName, kinds, objectPath } from '../../src/federation/model/kinds.ts';
import { FEDERATION_LABEL } from '../../src/federation/model/names.ts';
import type { ApiObject } from '../../src/federation/model/object.ts';
import { formOf } from '../../src/federation/plan/form.ts';
import { eachAtOnce } from '../../src/util/together.ts';
import { type ApiServer, startApiServer } from '../../test/support/api-server.ts';
import { apply, joinAs, prepareFederation, until } from '../../test/support/federation.ts';
import { duration, median, ratio, table } from './figures.ts';

const FEDERATION = 'world';
const REST_MS = 60_000;
/** After the last write, so long: it is the last one. */
const CALM_MS = 3_000;
const CHANGES = 20;
const AT_ONCE = 16;

interface Count {
  calls: Map<string, number>;
  lastWrite: number;
}

/**
 * A federation of real API servers, each with its etcd, on loopback: how long so many objects take to be in so many members, by how many
 * calls, against the same applies made one after the other by a loop that knows all of them beforehand; and what it costs at rest.
 */
export async function federationTable(
  { objects = 1_000, members = 5 }: { readonly objects?: number; readonly members?: number },
  say: (text: string) => void,
): Promise<string> {
  const servers: ApiServer[] = [];
  const controllers: { close(): void }[] = [];
  try {
    for (let i = 0; i <= members; i++) servers.push(await startApiServer(i === 0 ? FEDERATION : `m${i}`));
    const [own, ...others] = servers as [ApiServer, ...ApiServer[]];
    await prepareFederation(own);
    for (const [i, member] of others.entries()) await joinAs(own, FEDERATION, member, `m${i + 1}`);
    const { uid = '' } = (await own.api.call('GET', '/api/v1/namespaces/kube-system')).metadata;
    const identity = { federation: FEDERATION, uid };

    say(`the floor: ${objects} applies in each of ${members} members`);
    const plain = made('floor', objects, members);
    const floorBegan = performance.now();
    const floors = others.map(({ api }) => putAll(plain, (one) => put(api, formed(one, identity))));
    await Promise.all(floors);
    const floor = performance.now() - floorBegan;

    say('the objects, in the federation');
    const all = made('bench', objects, members);
    await putAll(all, (one) => put(own.api, one));
    const count: Count = { calls: new Map(), lastWrite: 0 };
    const began = performance.now();
    const processor = process.cpuUsage();
    const api = counted(openApi({ server: own.server, caPem: own.caPem, ...own.federation }), 'own', count);
    controllers.push(
      startController({
        ...{ api, identity, now: () => performance.now(), onShards: () => {}, log: () => {} },
        open: (access) => counted(openApi(access), 'member', count),
      }),
    );
    const writes = () => count.calls.get('member write') ?? 0;
    say('until they are in the members');
    await until(
      'all of them',
      async () => writes() >= objects * members && performance.now() - count.lastWrite > CALM_MS,
      600_000,
    );
    const converged = count.lastWrite - began;
    const { user, system } = process.cpuUsage(processor);
    for (const member of others) await expectAll(member, all);
    const done = new Map(count.calls);

    say(`${CHANGES} changes of one object`);
    const changes: number[] = [];
    for (let i = 0; i < CHANGES; i++) changes.push(await change(own, others, i));
    say(`${REST_MS / 1000} s of rest`);
    await pause(CALM_MS);
    count.calls.clear();
    await pause(REST_MS);

    const least = objects * members;
    const writesDone = done.get('member write') ?? 0;
    const sum = [...done.values()].reduce((total, each) => total + each, 0);
    return [
      table([
        [`${objects} objects in ${members} members`, 'haup', 'floor or least', 'ratio'],
        ['time until all are there', duration(converged), duration(floor), ratio(converged, floor)],
        ['writes to members', String(writesDone), String(least), ratio(writesDone, least)],
        ['calls of all kinds', String(sum), String(least), ratio(sum, least)],
        ['processor time of the controller', `${((user + system) / 1e6).toFixed(1)} s`, '', ''],
        ['a change in one object, in all members (median)', duration(median(changes)), '', ''],
      ]),
      `At rest for ${REST_MS / 1000} s: ${spoken(count.calls)}. Until all were there: ${spoken(done)}.`,
    ].join('\n\n');
  } finally {
    for (const controller of controllers) controller.close();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** So many objects: ten Namespaces, and of ConfigMaps, Services and Deployments a third each. */
function made(prefix: string, many: number, members: number): ApiObject[] {
  const spaces = Array.from({ length: 10 }, (_, i) => `${prefix}-${i}`);
  const labels = { matchLabels: { app: 'x' } };
  const template = { metadata: { labels: { app: 'x' } }, spec: { containers: [{ name: 'x', image: 'x' }] } };
  const fields: Readonly<Partial<Record<KindName, object>>> = {
    ConfigMap: { data: { key: 'value' } },
    Service: { spec: { selector: { app: 'x' }, ports: [{ port: 80 }] } },
    Deployment: { spec: { replicas: members, selector: labels, template } },
  };
  const names = Object.keys(fields) as KindName[];
  return [
    ...spaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    ...Array.from({ length: many - spaces.length }, (_, i) => {
      const kind = names[i % names.length]!;
      const metadata = { name: `${prefix}-${i}`, namespace: spaces[i % spaces.length]! };
      return { apiVersion: kinds[kind].apiVersion, kind, metadata, ...fields[kind] } as ApiObject;
    }),
  ];
}

function formed(object: ApiObject, identity: { federation: string; uid: string }): ApiObject {
  // Not the controller's: it would take it for what is left of something.
  return formOf(kinds[object.kind as KindName], object, {}, { ...identity, uid: 'floor' });
}

async function put(api: Api, object: ApiObject): Promise<void> {
  const path = objectPath(kinds[object.kind as KindName], object.metadata);
  await api.call('PATCH', `${path}?fieldManager=bench&force=true`, { body: object, contentType: APPLY });
}

async function expectAll({ api }: ApiServer, all: readonly ApiObject[]): Promise<void> {
  for (const kind of new Set(all.map((object) => object.kind as KindName))) {
    const selector = encodeURIComponent(`${FEDERATION_LABEL}=${FEDERATION}`);
    const { items } = await api.call('GET', `${collectionPath(kinds[kind])}?labelSelector=${selector}`);
    const names = new Set((items as ApiObject[]).map(({ metadata }) => metadata.name));
    const missing = all.find((object) => object.kind === kind && !names.has(object.metadata.name));
    if (missing) throw new Error(`${kind} ${missing.metadata.name} is not there`);
  }
}

/** How long a change takes to be in all members. */
async function change(own: ApiServer, others: readonly ApiServer[], i: number): Promise<number> {
  const path = objectPath(kinds.ConfigMap, { name: 'bench-0', namespace: 'bench-0' });
  const began = performance.now();
  await apply(own.api, path, {
    ...{ apiVersion: 'v1', kind: 'ConfigMap', data: { change: String(i) } },
    metadata: { name: 'bench-0', namespace: 'bench-0' },
  });
  for (const { api } of others)
    for (;;) {
      const { data } = (await api.call('GET', path)) as { data?: { change?: string } };
      if (data?.change === String(i)) break;
      await pause(5);
    }
  return performance.now() - began;
}

function counted(api: Api, whose: string, count: Count): Api {
  const add = (what: string): void => void count.calls.set(what, (count.calls.get(what) ?? 0) + 1);
  return {
    ...api,
    async call(method, path, options) {
      add(`${whose} ${method === 'GET' ? 'read' : 'write'}`);
      const answer = await api.call(method, path, options);
      if (whose === 'member' && method !== 'GET') count.lastWrite = performance.now();
      return answer;
    },
    text(path, options) {
      add(`${whose} probe`);
      return api.text(path, options);
    },
    watch(path, onEvent, signal) {
      add(`${whose} watch`);
      return api.watch(path, onEvent, signal);
    },
  };
}

/** Namespaces first, as what is in them needs them. */
async function putAll(items: readonly ApiObject[], work: (item: ApiObject) => Promise<void>): Promise<void> {
  for (const part of [items.slice(0, 10), items.slice(10)]) await eachAtOnce(undefined, part, AT_ONCE, work);
}

function spoken(calls: ReadonlyMap<string, number>): string {
  const parts = [...calls].sort().map(([what, many]) => `${what} ${many}`);
  return parts.join(', ') || 'not one call';
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
