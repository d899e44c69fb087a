import { messageOf } from '../../util/failure.ts';
import { collectionPath, type KindName, kindNames, kinds, objectPath } from '../model/kinds.ts';
import { FIELD_MANAGER } from '../model/names.ts';
import { nameOf } from '../model/object.ts';
import type { Shard } from '../model/shard.ts';
import type { Sight } from '../model/sight.ts';
import { isFederated } from '../plan/federated.ts';
import { formDigest, type Identity } from '../plan/form.ts';
import { type Act, called, next } from '../plan/next.ts';
import { SCALED } from '../plan/scaling.ts';
import { saysAlready } from '../plan/status.ts';
import { APPLY, type Api, type ApiAccess, MERGE, openApi, unlessGone } from './api.ts';
import { openAutoscalers } from './autoscalers.ts';
import { type Member, openMember } from './member.ts';
import { CLUSTERS, openMemberStatus } from './member-status.ts';
import { type MemberPlace, openMembership } from './membership.ts';
import { type Mirror, openMirror } from './mirror.ts';
import { openOutlook } from './outlook.ts';
import { openRunner } from './runner.ts';
import { shardsSeen } from './seen-shards.ts';

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
const STATUS_AT_ONCE = 8;

/**
 * Keeps the members what the federation's API says, for as long as it is not closed. It has no memory of its own: what it knows is what
 * it sees, in the federation and in the members.
 */
export function startController(options: ControllerOptions): Controller {
  const { api, identity, now, log, open = openApi } = options;
  /** Keys that wait for their namespace in some member. */
  const waiting = new Map<string, Set<string>>();
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
          if (kind === 'Secret') membership.sync();
          if (kind === 'HorizontalPodAutoscaler') for (const led of autoscalers.sync()) markKey(led);
          mark(kind, name);
          // What none of them leads is known only now.
          if (kind === 'HorizontalPodAutoscaler' && name === null) for (const led of SCALED) mark(led, null);
        },
      }),
    ]),
  ) as Record<KindName, Mirror>;
  const clusters = openMirror({ api, path: CLUSTERS, onChange: () => membership.sync() });
  const statuses = openRunner({ atOnce: STATUS_AT_ONCE, onEnd: statusWritten });
  const autoscalers = openAutoscalers(own.HorizontalPodAutoscaler);
  const membership = openMembership({
    ...{ clusters, secrets: own.Secret, open: memberOf, onChange: markAll, log },
    onOut: (name) => memberStatus.tellLeft(name),
  });
  const { members } = membership;
  const outlook = openOutlook({ members, now, onChange: markAll });
  const memberStatus = openMemberStatus({ api, clusters, membership, statuses });

  /** What was written comes back by itself; what was not is written once more. */
  function statusWritten(key: string): void {
    const [kind, name = ''] = key.split(' ');
    if (kind === 'Cluster') memberStatus.onEnd(name);
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
    outlook.look();
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
        state: outlook.stateOf(member, member.stateOf(kind)),
        object: member.object(kind, name),
        known: member.isKnown(kind, object?.metadata.creationTimestamp),
        namespace: namespace === undefined || member.hasNamespace(namespace),
        scaled: autoscalers.isScaled(member, key),
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
      else if (member.runner.forget(key)) memberStatus.tellSoon(member.name);
    }
    if (statuses.isRunning(key)) return;
    if (wanted && status && !saysAlready(wanted.status, status))
      statuses.run(key, () => writeStatus(kind, name, status));
    else statuses.forget(key);
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

  function memberOf(place: MemberPlace, access: ApiAccess): Member {
    return openMember({
      ...{ ...place, now, federation: identity.federation, api: open(access) },
      onChange(kind, object) {
        mark(kind, object);
        if (kind === 'Namespace') markNamespace(object);
        if (kind !== 'HorizontalPodAutoscaler' || object === null) return;
        const led = autoscalers.ledBy(object);
        if (led) markKey(led);
      },
      onSlice: () => markKey(''),
      onState(moved) {
        memberStatus.tellSoon(place.name);
        if (moved) markAll();
      },
      onHealth: () => outlook.look(),
      onEnd(key) {
        markKey(key);
        memberStatus.tellSoon(place.name);
      },
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
    // Also where nobody answers: it is we who are cut off, and what the names say stays as it is.
    if (all.some((member) => outlook.stateOf(member, member.stateOfShards()) === 'unseen')) return;
    const shards = shardsSeen(own.Service.all(), all);
    const text = JSON.stringify(shards);
    if (text === shardsTold) return;
    shardsTold = text;
    options.onShards(shards);
  }

  return {
    problems: () =>
      [...odd, ...membership.problems, ...statuses.problems].map(([key, why]) => `${key}: ${why}`),
    close() {
      closed = true;
      if (turn) clearTimeout(turn);
      memberStatus.close();
      statuses.close();
      for (const mirror of [...Object.values(own), clusters]) mirror.close();
      membership.close();
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
