import { z } from 'zod';
import { call, wordsOf } from '../../kubernetes/call.ts';
import type { ApiClient } from '../../kubernetes/client.ts';
import { ApiError } from '../../kubernetes/errors.ts';
import { type Clock, systemClock } from '../../util/clock.ts';
import { messageOf } from '../../util/failure.ts';
import { TimeoutError } from '../../util/wait.ts';
import { type Blocker, DrainError } from '../errors.ts';
import { readNode, setCordoned } from './nodes.ts';
import { type Pod, podsOn, toBeMoved } from './pods.ts';

export interface DrainOptions {
  /** Budgets are asked again and again for so long. */
  readonly timeoutMs: number;
  /**
   * Also pods that nothing makes again, and, when the time is over, without asking the budgets: their pods are deleted with their own
   * grace period.
   */
  readonly force: boolean;
  /** The node's machine is gone or silent: nobody will stop its pods, so that only the API has to forget them. */
  readonly dead?: boolean;
  readonly progress?: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock;
}

const PAUSE_MS = 1000;
/** For pods that were let go, beyond their own grace periods, which may be longer than what is left. */
const LEAVING_MS = 120_000;

/**
 * Moves a node's pods away: cordons it, then evicts, which disruption budgets may refuse for a while. DaemonSets' and static pods stay.
 * `connect` is asked again and again: a drain may take longer than an administrator's certificate of haup's own lives.
 * Resolves when no pod is left to be moved. Can be repeated and taken up in its middle; a node that is not there has no pods.
 * An API that does not answer for a while is waited for until the time limit.
 * @throws DrainError: pods that nothing would make again, before anything is evicted, unless forced; what is left at the time limit,
 *   and whose budget it is. The node stays cordoned. ApiError; what the connection met to the last
 */
export async function drain(
  connect: () => Promise<ApiClient>,
  node: string,
  options: DrainOptions,
): Promise<void> {
  const { clock = systemClock, signal, progress } = options;
  const deadline = clock.now() + options.timeoutMs;
  const end = deadline + LEAVING_MS;
  // What is forced begins to end at the deadline.
  let patience = options.force ? end : deadline;
  const patiently = async <T>(work: (api: ApiClient) => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await work(await connect());
      } catch (error) {
        if (!isPassing(error) || clock.now() >= patience) throw error;
        progress?.(`${node}: ${messageOf(error)}`);
        await clock.sleep(PAUSE_MS, signal);
      }
    }
  };
  const left = () => patiently(async (api) => toBeMoved(await podsOn(api, node, signal)));
  await patiently((api) => setCordoned(api, node, true, signal));
  if (!options.force) refuseLonely(node, await left());
  for (;;) {
    const pods = await left();
    if (pods.length === 0) return;
    const late = clock.now() >= deadline;
    const api = await connect();
    const now = options.dead || (late && options.force);
    const blockers = await Promise.all(
      pods
        .filter(({ terminating }) => !terminating || options.dead)
        .map((pod) => notYet(pod, now ? remove(api, pod, options) : evict(api, pod, signal))),
    );
    const refused = blockers.filter((blocker) => blocker !== null);
    if (refused.length > 0 && clock.now() >= patience) throw new DrainError(node, refused);
    // What was let go is on its way; how long that takes is its own grace period.
    if (clock.now() >= end) throw await noEnd(api, node, pods, signal);
    if (late) patience = end;
    progress?.(
      refused[0]
        ? `${node}: ${refused[0].namespace}/${refused[0].pod} waits for ${refused[0].budget ?? 'the API server'}`
        : `${node}: ${pods.length} pods are leaving`,
    );
    await clock.sleep(PAUSE_MS, signal);
  }
}

/**
 * It may be over in a moment: no answer, one that asks for patience, one of a server that is in trouble itself. That haup may not is no
 * such thing. What a connection has met is an error of no class of ours.
 */
function isPassing(error: unknown): boolean {
  if (error instanceof ApiError) return error.status === 429 || error.status >= 500;
  return error instanceof TimeoutError || (error instanceof Error && error.name === 'Error');
}

async function notYet({ namespace, name: pod }: Pod, gone: Promise<Blocker | null>): Promise<Blocker | null> {
  try {
    return await gone;
  } catch (error) {
    if (!isPassing(error)) throw error;
    return { namespace, pod, budget: null, why: messageOf(error) };
  }
}

/** What would keep a drain from ending, as far as can be seen without beginning it (`--dry-run`). @throws ApiError */
export async function whatBlocks(
  api: ApiClient,
  node: string,
  signal?: AbortSignal,
): Promise<readonly Blocker[]> {
  const pods = toBeMoved(await podsOn(api, node, signal));
  const asked = await Promise.all(pods.map((pod) => evict(api, pod, signal, true)));
  return [...pods.filter(isLonely).map(lonely), ...asked.filter((blocker) => blocker !== null)];
}

function refuseLonely(node: string, pods: readonly Pod[]): void {
  const blockers = pods.filter(isLonely).map(lonely);
  if (blockers.length > 0) throw new DrainError(node, blockers);
}

function isLonely({ controller, terminating }: Pod): boolean {
  return controller === null && !terminating;
}

function lonely({ namespace, name: pod }: Pod): Blocker {
  return { namespace, pod, budget: null, why: 'nothing would make it again elsewhere' };
}

/** They were let go, and go not: because nobody tells them, which forcing it makes an end to, or for reasons of their own. */
async function noEnd(
  api: ApiClient,
  node: string,
  pods: readonly Pod[],
  signal: AbortSignal | undefined,
): Promise<DrainError> {
  const seen = await readNode(api, node, signal).catch(() => null);
  if (seen?.ready === 'unknown') {
    const told = 'it was told to end, and the kubelet that would end it is silent';
    return new DrainError(node, pods.map(stillThere(told)));
  }
  const advice =
    '`kubectl describe pod` says what holds them: a finalizer, a volume, a container that does not end';
  return new DrainError(node, pods.map(stillThere('it was told to end, and has not')), advice);
}

function stillThere(told: string): (pod: Pod) => Blocker {
  return ({ namespace, name: pod, terminating }) => {
    return { namespace, pod, budget: null, why: terminating ? told : 'it is still there' };
  };
}

const refusal = z.object({
  details: z
    .object({
      causes: z
        .array(z.object({ reason: z.string().optional(), message: z.string().default('') }))
        .default([]),
    })
    .optional(),
});

/**
 * Null when the pod may go, or is gone. 429 is a budget's no, 500 that of several budgets at once. 403 is also what is said of a namespace
 * that is being deleted: its pods are about to be told to end, for which kubectl waits as well (k8s.io/kubectl, pkg/drain).
 */
async function evict(
  api: ApiClient,
  { namespace, name, uid }: Pod,
  signal: AbortSignal | undefined,
  dryRun = false,
): Promise<Blocker | null> {
  const doing = `evict ${namespace}/${name}`;
  const { status, body } = await call(api, {
    doing,
    method: 'POST',
    path: `${podPath(namespace, name)}/eviction${dryRun ? '?dryRun=All' : ''}`,
    body: {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: { name, namespace },
      // Another pod of the same name (a StatefulSet's, elsewhere by now) is not meant.
      deleteOptions: { preconditions: { uid } },
    },
    accept: [403, 404, 409, 429, 500],
    signal,
  });
  if (status < 300 || status === 404 || status === 409) return null;
  const causes = refusal.safeParse(body).data?.details?.causes ?? [];
  if (status === 403) {
    const leaves = causes.some(({ reason }) => reason === 'NamespaceTerminating');
    if (!leaves) throw new ApiError(doing, status, wordsOf(body));
    const why = 'its namespace is being deleted, and it has not been told to end yet';
    return dryRun ? null : { namespace, pod: name, budget: null, why };
  }
  const words = causes.map(({ message }) => message).join('; ');
  const why = words.slice(0, 300) || wordsOf(body);
  return { namespace, pod: name, budget: /disruption budget (\S+) /.exec(why)?.[1] ?? null, why };
}

async function remove(api: ApiClient, pod: Pod, options: DrainOptions): Promise<null> {
  const { namespace, name, uid } = pod;
  await call(api, {
    doing: `delete ${namespace}/${name}`,
    method: 'DELETE',
    path: podPath(namespace, name),
    body: { preconditions: { uid }, ...(options.dead ? { gracePeriodSeconds: 0 } : {}) },
    accept: [404, 409],
    signal: options.signal,
  });
  return null;
}

function podPath(namespace: string, name: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}`;
}
