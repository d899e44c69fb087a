import { messageOf } from '../../util/failure.ts';
import { collectionPath, type KindName, kindNames, kinds, objectPath } from '../model/kinds.ts';
import { CLUSTERS_API, FIELD_MANAGER, NAMESPACE } from '../model/names.ts';
import { type ApiObject, fieldsOf, nameOf, numberOf } from '../model/object.ts';
import type { Shard } from '../model/shard.ts';
import type { Sight } from '../model/sight.ts';
import { isFederated } from '../plan/federated.ts';
import { formDigest, type Identity } from '../plan/form.ts';
import { type Act, called, next } from '../plan/next.ts';
import { ledBy, SCALED } from '../plan/scaling.ts';
import { saysAlready } from '../plan/status.ts';
import { APPLY, type Api, type ApiAccess, MERGE, openApi, unlessGone } from './api.ts';
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
  /** How a member is reached; absent: over the network. */
  readonly open?: (access: ApiAccess) => Api;
}

export interface Controller {
  /** In words: federated objects and members that cannot be understood, and statuses that could not be written. */
  problems(): readonly string[];
  close(): void;
}

/** Changes are looked at together, so many milliseconds after the first of them. */
const TURN_MS = 20;
/** What a member is said to be is written once for all that happens within so many milliseconds. */
const TELL_MS = 250;
const CLUSTERS = `/apis/${CLUSTERS_API}/clusters`;
const STATUS_AT_ONCE = 8;

/**
 * Keeps the members what the federation's API says, for as long as it is not closed. It has no memory of its own: what it knows is what
 * it sees, in the federation and in the members.
 */
export function startController(options: ControllerOptions): Controller {
  const { api, identity, now, log, open = openApi } = options;
  const members = new Map<string, Member>();
  const joined = new Map<string, string>();
  /** Members that are let go, until nothing is under way in them. */
  const parting = new Set<string>();
  /** Keys that wait for their namespace in some member. */
  const waiting = new Map<string, Set<string>>();
  /** By what it leads: the name of the autoscaler. */
  let leaders: ReadonlyMap<string, string> = new Map();
  const toTell = new Set<string>();
  let telling: NodeJS.Timeout | null = null;
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
          if (kind === 'HorizontalPodAutoscaler') syncLeaders();
          mark(kind, name);
          // What none of them leads is known only now.
          if (kind === 'HorizontalPodAutoscaler' && name === null) for (const led of SCALED) mark(led, null);
        },
      }),
    ]),
  ) as Record<KindName, Mirror>;
  const clusters = openMirror({ api, path: CLUSTERS, onChange: () => syncMembers() });
  const statuses = openRunner({ atOnce: STATUS_AT_ONCE, onEnd: statusWritten });

  /** What was written comes back by itself; what was not is written once more. */
  function statusWritten(key: string): void {
    const [kind, name = ''] = key.split(' ');
    if (kind === 'Cluster') tellSoon(name);
    else markKey(key);
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
        const [kind, name] = key.split(' ') as [KindName, string | undefined];
        if (name === undefined || !own[kind].isWhole()) continue;
        if (!SCALED.includes(kind) || own.HorizontalPodAutoscaler.isWhole()) decide(kind, name);
      }
    if (keys.some((key) => key === '' || key.startsWith('Service '))) tellShards();
  }

  function decide(kind: KindName, name: string): void {
    const key = `${kind} ${name}`;
    const object = own[kind].get(name);
    const wanted = object && isFederated(kinds[kind], object) ? object : null;
    const { namespace } = splitName(name);
    const sights = [...members.values()].map(
      (member): Sight => ({
        cluster: member.name,
        state: member.stateOf(kind),
        object: member.object(kind, name),
        namespace: namespace === undefined || member.hasNamespace(namespace),
        scaled: isScaled(member, key),
        applied: member.applied.get(key) ?? null,
      }),
    );
    const { acts, status, problem } = next(kinds[kind], wanted, sights, identity);
    if (problem === null) odd.delete(key);
    else odd.set(key, problem);
    if (namespace !== undefined && sights.some((sight) => !sight.namespace)) {
      const keys = waiting.get(namespace) ?? new Set();
      waiting.set(namespace, keys.add(key));
    }
    for (const member of members.values()) {
      // What is under way may change what is known; its end is looked at again.
      if (member.runner.isRunning(key)) continue;
      const act = acts.find(({ cluster }) => cluster === member.name);
      if (act) member.runner.run(key, () => carryOut(member, kind, name, act), whatOf(act));
      else if (member.runner.forget(key)) tellSoon(member.name);
    }
    if (statuses.isRunning(key)) return;
    if (wanted && status && !saysAlready(wanted.status, status))
      statuses.run(key, () => writeStatus(kind, name, status));
    else statuses.forget(key);
  }

  function isScaled(member: Member, key: string): boolean | null {
    const leader = leaders.get(key);
    if (leader === undefined) return false;
    const isUnknown = member.stateOf('HorizontalPodAutoscaler') === 'unseen';
    return isUnknown ? null : member.object('HorizontalPodAutoscaler', leader) !== null;
  }

  function syncLeaders(): void {
    const before = leaders;
    const now = new Map<string, string>();
    for (const autoscaler of own.HorizontalPodAutoscaler.all()) {
      const led = isFederated(kinds.HorizontalPodAutoscaler, autoscaler) ? ledBy(autoscaler) : null;
      if (led !== null) now.set(led, nameOf(autoscaler));
    }
    leaders = now;
    for (const led of new Set([...before.keys(), ...now.keys()]))
      if (before.get(led) !== now.get(led)) markKey(led);
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
    }
  }

  async function writeStatus(kind: KindName, name: string, status: object): Promise<void> {
    const path = `${objectPath(kinds[kind], splitName(name))}/status`;
    const written = await api
      .call('PATCH', path, { body: { status }, contentType: MERGE })
      .catch((error: unknown) => unlessGone(error));
    if (written) own[kind].put(written);
  }

  /** Members come with their Cluster and the Secret that it names, and go with either. */
  function syncMembers(): void {
    if (closed || !clusters.isWhole() || !own.Secret.isWhole()) return;
    const seen = new Set<string>();
    for (const cluster of clusters.all()) {
      const { name, deletionTimestamp } = cluster.metadata;
      const { secretName, leaving } = cluster.spec ?? {};
      const secret = own.Secret.get(`${NAMESPACE}/${secretName}`);
      if (deletionTimestamp !== undefined || leaving === true || !secret) continue;
      seen.add(name);
      // The token is read anew for each request; whatever else is another makes another member of it.
      const version = JSON.stringify([cluster.spec]);
      if (joined.get(name) === version) continue;
      drop(name);
      joined.set(name, version);
      try {
        members.set(name, memberOf(cluster));
        odd.delete(`Cluster ${name}`);
        log(`${name}: joined, ${cluster.spec?.server}`);
      } catch (error) {
        // One that cannot even be asked holds no other up.
        odd.set(`Cluster ${name}`, messageOf(error));
      }
      markAll();
    }
    for (const name of [...joined.keys()]) {
      if (seen.has(name)) continue;
      drop(name);
      odd.delete(`Cluster ${name}`);
      log(`${name}: left`);
      markAll();
    }
    for (const cluster of clusters.all()) {
      const { name } = cluster.metadata;
      if (!members.has(name) && !parting.has(name)) tellLeft(cluster);
    }
  }

  function memberOf({ metadata: { name }, spec = {} }: ApiObject): Member {
    const { server, caBundle, secretName, region = '', zone = '' } = spec as Readonly<Record<string, string>>;
    const token = (): string => {
      const data = fieldsOf(own.Secret.get(`${NAMESPACE}/${secretName}`)?.data);
      return Buffer.from(String(data.token ?? ''), 'base64').toString('utf8');
    };
    const caPem = caBundle ? Buffer.from(caBundle, 'base64').toString('utf8') : undefined;
    return openMember({
      ...{ name, region, zone, now, federation: identity.federation },
      api: open({ server: String(server), caPem, token }),
      onChange(kind, object) {
        mark(kind, object);
        if (kind === 'Namespace') markNamespace(object);
        if (kind !== 'HorizontalPodAutoscaler' || object === null) return;
        const autoscaler = own.HorizontalPodAutoscaler.get(object);
        const led = autoscaler && ledBy(autoscaler);
        if (led) markKey(led);
      },
      onSlice: () => markKey(''),
      onState(moved) {
        tellSoon(name);
        if (moved) markAll();
      },
      onEnd(key) {
        markKey(key);
        tellSoon(name);
      },
    });
  }

  function drop(name: string): void {
    joined.delete(name);
    const member = members.get(name);
    if (!member) return;
    members.delete(name);
    if (closed) {
      member.close();
      return;
    }
    parting.add(name);
    void member.leave().then(() => {
      parting.delete(name);
      syncMembers();
    });
  }

  /** What waited for a namespace need not wait any more. */
  function markNamespace(name: string | null): void {
    for (const namespace of name === null ? [...waiting.keys()] : [name]) {
      const keys = waiting.get(namespace) ?? [];
      waiting.delete(namespace);
      for (const key of keys) markKey(key);
    }
  }

  function tellShards(): void {
    if (!own.Service.isWhole() || !clusters.isWhole()) return;
    const all = [...members.values()];
    if (all.some((member) => member.stateOfShards() === 'unseen')) return;
    // Nobody answers: it is we who are cut off, and what the names say stays as it is.
    if (all.length > 0 && all.every((member) => member.state() === 'lost')) return;
    const shards = shardsSeen(own.Service.all(), all);
    const text = JSON.stringify(shards);
    if (text === shardsTold) return;
    shardsTold = text;
    options.onShards(shards);
  }

  function tellSoon(name: string): void {
    if (closed) return;
    toTell.add(name);
    telling ??= setTimeout(() => {
      telling = null;
      const names = [...toTell];
      toTell.clear();
      for (const one of names) {
        const member = members.get(one);
        if (member && !statuses.isRunning(`Cluster ${one}`)) tellOf(member);
      }
    }, TELL_MS);
  }

  /** Says in the federation's API what is known of a member; twice the same is written once. */
  function tellOf(member: Member): void {
    const cluster = clusters.get(member.name);
    if (!cluster) return;
    const wanted = clusterStatus(member, cluster.status);
    const path = `${CLUSTERS}/${member.name}/status`;
    const key = `Cluster ${member.name}`;
    if (
      saysAlready(cluster.status, wanted) &&
      numberOf(cluster.status?.problemCount, 0) === wanted.problemCount
    )
      return;
    statuses.run(key, async () => {
      const body = { status: wanted };
      const written = await api
        .call('PATCH', path, { body, contentType: MERGE })
        .catch((error: unknown) => unlessGone(error));
      if (written) clusters.put(written);
      await profileStatus(api, member, wanted).catch(unlessGone);
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
    problems: () => [...odd, ...statuses.problems].map(([key, why]) => `${key}: ${why}`),
    close() {
      closed = true;
      if (turn) clearTimeout(turn);
      if (telling) clearTimeout(telling);
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

/** What tells an act from another one about the same object. */
function whatOf(act: Act): string {
  return act.do === 'apply' ? formDigest(act.object)! : act.uid;
}
