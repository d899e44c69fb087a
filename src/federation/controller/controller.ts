import { messageOf } from '../../util/failure.ts';
import { collectionPath, type KindName, kindNames, kinds, objectPath } from '../model/kinds.ts';
import { CLUSTERS_API, FIELD_MANAGER, NAMESPACE } from '../model/names.ts';
import { type ApiObject, nameOf, numberOf } from '../model/object.ts';
import type { Shard } from '../model/shard.ts';
import type { Sight } from '../model/sight.ts';
import { isFederated } from '../plan/federated.ts';
import { formDigest, type Identity } from '../plan/form.ts';
import { type Act, called, next } from '../plan/next.ts';
import { saysAlready } from '../plan/status.ts';
import { APPLY, type Api, MERGE, openApi, unlessGone } from './api.ts';
import { type Member, openMember } from './member.ts';
import { type Mirror, openMirror } from './mirror.ts';
import { openRunner } from './runner.ts';
import { shardsSeen } from './seen-shards.ts';
import { clusterStatus, profileStatus } from './tell.ts';

export interface ControllerOptions {
  /** The federation's own API. */
  readonly api: Api;
  readonly identity: Identity;
  /** Milliseconds of a clock that nobody sets. */
  readonly now: () => number;
  /** Called with all shards that are known whenever one is another, never at the same time, and never while a member is unseen or all are lost. */
  readonly onShards: (shards: readonly Shard[]) => void;
  /** A line for the log; never with a secret in it. */
  readonly log: (line: string) => void;
}

export interface Controller {
  /** In words, by what has it: federated objects that cannot be understood, and statuses that could not be written. */
  problems(): ReadonlyMap<string, string>;
  close(): void;
}

/** Changes are looked at together, so many milliseconds after the first of them. */
const TURN_MS = 20;
const CLUSTERS = `/apis/${CLUSTERS_API}/clusters`;
const STATUS_AT_ONCE = 8;

/**
 * Keeps the members what the federation's API says, for as long as it is not closed. It has no memory of its own: what it knows is what
 * it sees, in the federation and in the members.
 */
export function startController(options: ControllerOptions): Controller {
  const { api, identity, now, log } = options;
  const members = new Map<string, Member>();
  const joined = new Map<string, string>();
  const dirty = new Set<string>();
  const odd = new Map<string, string>();
  let shardsTold: string | null = null;
  let turn: NodeJS.Timeout | null = null;
  let closed = false;

  const own = Object.fromEntries(
    kindNames.map((kind) => [
      kind,
      openMirror({
        api,
        path: collectionPath(kinds[kind]),
        onChange: (name) => {
          if (kind === 'Secret') syncMembers();
          mark(kind, name);
        },
      }),
    ]),
  ) as Record<KindName, Mirror>;
  const clusters = openMirror({ api, path: CLUSTERS, onChange: () => syncMembers() });
  const statuses = openRunner({ atOnce: STATUS_AT_ONCE, onEnd: statusWritten });

  /** What was written comes back by itself; what was not is written once more. */
  function statusWritten(key: string): void {
    const [kind, name = ''] = key.split(' ');
    if (kind !== 'Cluster') markKey(key);
    const member = members.get(name);
    if (member && statuses.problems.has(key)) tellOf(member);
  }

  function markKey(key: string): void {
    dirty.add(key);
    if (closed) return;
    turn ??= setTimeout(takeTurn, TURN_MS);
  }

  function mark(kind: KindName, name: string | null): void {
    if (name !== null) {
      markKey(`${kind} ${name}`);
      return;
    }
    for (const object of own[kind].all()) markKey(`${kind} ${nameOf(object)}`);
    for (const member of members.values())
      for (const object of member.objects(kind)) markKey(`${kind} ${nameOf(object)}`);
    markKey('');
  }

  function markAll(): void {
    for (const kind of kindNames) mark(kind, null);
  }

  function takeTurn(): void {
    turn = null;
    if (closed) return;
    const keys = [...dirty];
    dirty.clear();
    // What is not in the federation can only be known once all of it has been read.
    if (clusters.isWhole() && own.Secret.isWhole())
      for (const key of keys) {
        const [kind, name] = key.split(' ') as [KindName, string];
        if (name !== undefined && own[kind].isWhole()) decide(kind, name);
      }
    tellShards();
  }

  function decide(kind: KindName, name: string): void {
    const key = `${kind} ${name}`;
    const object = own[kind].get(name);
    const wanted = object && isFederated(kinds[kind], object) ? object : null;
    const namespace = name.includes('/') ? name.split('/')[0]! : null;
    const sights = [...members.values()].map(
      (member): Sight => ({
        cluster: member.name,
        state: member.stateOf(kind),
        object: member.object(kind, name),
        namespace: namespace === null || member.hasNamespace(namespace),
        applied: member.applied.get(key) ?? null,
      }),
    );
    const { acts, status, problem } = next(kinds[kind], wanted, sights, identity);
    if (problem === null) odd.delete(key);
    else odd.set(key, problem);
    for (const member of members.values()) {
      const act = acts.find(({ cluster }) => cluster === member.name);
      if (act) member.runner.run(key, () => carryOut(member, kind, name, act));
      else if (!member.runner.isBusy(key)) member.runner.forget(key);
    }
    if (wanted && status && !saysAlready(wanted.status, status))
      statuses.run(key, () => writeStatus(kind, name, status));
  }

  async function carryOut(member: Member, kind: KindName, name: string, act: Act): Promise<void> {
    const path = objectPath(kinds[kind], splitName(name));
    const key = `${kind} ${name}`;
    try {
      if (act.do === 'delete') {
        member.applied.delete(key);
        const body = { preconditions: { uid: act.uid }, propagationPolicy: 'Background' };
        await member.api.call('DELETE', path, { body }).catch(unlessGone);
        return;
      }
      const query = `?fieldManager=${FIELD_MANAGER}&force=true`;
      const made = await member.api.call('PATCH', path + query, { body: act.object, contentType: APPLY });
      member.put(kind, made);
      member.applied.set(key, {
        digest: formDigest(act.object)!,
        resourceVersion: made.metadata.resourceVersion ?? '',
      });
    } catch (error) {
      log(
        `${member.name}: ${act.do} ${called(kinds[kind], { metadata: splitName(name) })}: ${messageOf(error)}`,
      );
      throw error;
    } finally {
      tellOf(member);
    }
  }

  async function writeStatus(kind: KindName, name: string, status: object): Promise<void> {
    const path = `${objectPath(kinds[kind], splitName(name))}/status`;
    await api.call('PATCH', path, { body: { status }, contentType: MERGE }).catch(unlessGone);
  }

  /** Members come with their Cluster and the Secret that it names, and go with either. */
  function syncMembers(): void {
    if (closed || !clusters.isWhole() || !own.Secret.isWhole()) return;
    const seen = new Set<string>();
    for (const cluster of clusters.all()) {
      const { name, deletionTimestamp } = cluster.metadata;
      const { server, caBundle, secretName, leaving } = (cluster.spec ?? {}) as Record<
        string,
        string | boolean
      >;
      const secret = own.Secret.get(`${NAMESPACE}/${secretName}`);
      if (deletionTimestamp !== undefined || leaving === true || !secret) continue;
      seen.add(name);
      // The token is read anew for each request; whatever else is another makes another member of it.
      const version = JSON.stringify([cluster.spec]);
      if (joined.get(name) === version) continue;
      drop(name);
      joined.set(name, version);
      const token = (): string => {
        const { token: encoded } = (own.Secret.get(`${NAMESPACE}/${secretName}`)?.data ?? {}) as Record<
          string,
          string
        >;
        return Buffer.from(encoded ?? '', 'base64').toString('utf8');
      };
      const caPem = caBundle ? Buffer.from(String(caBundle), 'base64').toString('utf8') : undefined;
      const { region = '', zone = '' } = (cluster.spec ?? {}) as Record<string, string>;
      const member: Member = openMember({
        ...{ name, region, zone, now, federation: identity.federation },
        api: openApi({ server: String(server), caPem, token }),
        onChange(kind, object) {
          mark(kind, object);
          if (kind === 'Namespace') markNamespace(object);
        },
        onSlice: () => markKey(''),
        onState() {
          tellOf(member);
          markAll();
        },
        onEnd: markKey,
      });
      members.set(name, member);
      log(`${name}: joined, ${server}`);
      markAll();
    }
    for (const name of [...joined.keys()]) {
      if (seen.has(name)) continue;
      drop(name);
      log(`${name}: left`);
      markAll();
    }
    for (const cluster of clusters.all()) if (!members.has(cluster.metadata.name)) tellLeft(cluster);
  }

  function drop(name: string): void {
    joined.delete(name);
    members.get(name)?.close();
    members.delete(name);
  }

  /** What waited for a namespace need not wait any more. */
  function markNamespace(name: string | null): void {
    for (const kind of kindNames)
      for (const object of own[kind].all())
        if (kinds[kind].namespaced && (name === null || object.metadata.namespace === name))
          markKey(`${kind} ${nameOf(object)}`);
  }

  function tellShards(): void {
    if (!own.Service.isWhole() || !clusters.isWhole()) return;
    const all = [...members.values()];
    if (all.some((member) => member.stateOf('Service') === 'unseen')) return;
    // Nobody answers: it is we who are cut off, and what the names say stays as it is.
    if (all.length > 0 && all.every((member) => member.state() === 'lost')) return;
    const shards = shardsSeen(own.Service.all(), all);
    const text = JSON.stringify(shards);
    if (text === shardsTold) return;
    shardsTold = text;
    options.onShards(shards);
  }

  /** Says in the federation's API what is known of a member; twice the same is written once. */
  function tellOf(member: Member): void {
    const cluster = clusters.get(member.name);
    if (closed || !cluster) return;
    const wanted = clusterStatus(member, cluster.status);
    const path = `${CLUSTERS}/${member.name}/status`;
    const key = `Cluster ${member.name}`;
    if (
      saysAlready(cluster.status, wanted) &&
      numberOf(cluster.status?.problemCount, 0) === wanted.problemCount
    )
      return;
    statuses.run(key, async () => {
      const fresh = clusterStatus(member, cluster.status);
      await api.call('PATCH', path, { body: { status: fresh }, contentType: MERGE }).catch(unlessGone);
      await profileStatus(api, member, fresh).catch(unlessGone);
    });
  }

  function tellLeft({ metadata: { name }, spec, status }: ApiObject): void {
    if (spec?.leaving !== true || status?.phase === 'Left') return;
    const body = { status: { phase: 'Left', problems: [], problemCount: 0 } };
    statuses.run(`Cluster ${name}`, async () => {
      await api.call('PATCH', `${CLUSTERS}/${name}/status`, { body, contentType: MERGE }).catch(unlessGone);
    });
  }

  return {
    problems: () => new Map([...odd, ...statuses.problems]),
    close() {
      closed = true;
      if (turn) clearTimeout(turn);
      statuses.close();
      for (const mirror of [...Object.values(own), clusters]) mirror.close();
      for (const name of [...members.keys()]) drop(name);
    },
  };
}

function splitName(name: string): { name: string; namespace?: string } {
  const [first, second] = name.split('/');
  return second === undefined ? { name: first! } : { name: second, namespace: first! };
}
