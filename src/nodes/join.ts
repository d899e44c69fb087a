import type { ApiClient } from '../kubernetes/client.ts';
import { ApiError } from '../kubernetes/errors.ts';
import { clockTrouble } from '../replicas/clock.ts';
import { ReplicaError } from '../replicas/errors.ts';
import { binariesFolder } from '../replicas/provision/release.ts';
import type { Waiting } from '../replicas/waiting.ts';
import type { Session } from '../ssh/session.ts';
import type { Failure } from '../util/failure.ts';
import { together } from '../util/together.ts';
import { GiveUp, TimeoutError, waitFor } from '../util/wait.ts';
import { listNodes, type NodeObject, readNode } from './api/nodes.ts';
import { createJoinToken, deleteJoinToken } from './api/token.ts';
import type { NodeConfig } from './config.ts';
import { importImages, type NodeImages } from './images.ts';
import { nodePaths } from './paths.ts';
import type { NodeIdentity } from './pki.ts';
import {
  connectPods,
  forgetBootstrap,
  nodeIsWell,
  restartKubelet,
  START_TIMEOUT_MS,
  startNode,
} from './start.ts';

/**
 * How a node comes and goes; every call can be repeated, and taken up by another run in its middle:
 *
 *     machine of the role `node`           the provider's
 *     issueNode (pki.ts)                   certificates, new at each provisioning
 *     provisionNode (provision.ts)         programs, files, units; of a new one the container runtime starts. Needs no API
 *     joinNode (here)                      token → start → certificate → range, and meanwhile images; network → Ready. Needs the API
 *     a route to the range                 the provider's, while it joins
 *     connectNode (here)                   network → Ready, of one that has joined and lost it
 *     inspectNode, listNodes               what the machine, and what the cluster, say of it
 *     renewNode (renew.ts)                 before its certificates end; the kubelet's as a client renews itself
 *     whatBlocks, drain (api/drain.ts)     cordon, then evict. Needs the API, not the machine
 *     delete the machine and its route     the provider's
 *     deleteNode (api/nodes.ts)            last: before it, the machine's pods stay Terminating
 *
 * Another release (an upgrade): cordon, drain, provisionNode, joinNode, uncordon; joinNode starts again whatever runs with an older one.
 * After a power-off nothing is needed but the route.
 */

/** A token lives as long as the longest join takes; it is taken back when the node has joined. */
const TOKEN_MINUTES = 15;
/** Of a kubelet that is well. */
const REGISTER_MS = 60_000;
const READY_MS = 120_000;

/** What a node is joined by: its identity, what it believes the API server by, and where its programs are. */
type Joining = NodeIdentity & Pick<NodeConfig, 'binaries'> & { readonly caPem: string };

interface HowToJoin extends Waiting {
  /** Called when the API has given the node's pods their range, while the rest goes on, and waited for. */
  readonly ranged?: (podCidr: string) => Promise<void>;
  /**
   * Its pods get their network as well, as soon as there are a way to them and the images that they are made of; then it is joined when it is
   * Ready. Default: not.
   */
  readonly connects?: boolean;
  /** As {@link StartNode} has it. */
  readonly lacksCertificate?: boolean;
}

/**
 * A provisioned machine gets its kubelet's credentials, is started, and has its images. Resolves with the range that the API gives its
 * pods. Whatever is done already is left as it is, so that it can be taken up in its middle: until all is done the machine is one that is
 * still to join.
 * @throws ReplicaError (a part of the node, in its own words), ApiError, TimeoutError, SshError
 */
export function joinNode(
  session: Session,
  api: ApiClient,
  node: Joining,
  images: readonly NodeImages[],
  waiting: HowToJoin = {},
): Promise<string> {
  return blamingClock(session, waiting.signal, () => letJoin(session, api, node, images, waiting));
}

async function letJoin(
  session: Session,
  api: ApiClient,
  node: Joining,
  images: readonly NodeImages[],
  waiting: HowToJoin,
): Promise<string> {
  const { name } = node;
  const { signal } = waiting;
  let made: string | null = null;
  const token = async (): Promise<string> => {
    made = await createJoinToken(api, { purpose: `join ${name}`, minutes: TOKEN_MINUTES, signal });
    return made;
  };
  let range: string | undefined;
  let imported: Promise<void> | undefined;
  let started: Promise<void> | undefined;
  const [, podCidr] = await together(signal, [
    (both) => {
      imported = importImages(session, images, binariesFolder(node), { ...waiting, signal: both });
      return imported;
    },
    async (both) => {
      const well = { ...waiting, signal: both };
      const { lacksCertificate } = waiting;
      started = startNode(session, { node, caPem: node.caPem, token, lacksCertificate }, well);
      await started;
      await nodeIsWell(session, well);
      if (made !== null) await deleteJoinToken(api, made, both);
      else if (await isLost(api, name, both)) await restartKubelet(session, well);
      return range ?? registered(api, name, REGISTER_MS, both);
    },
    async (both) => {
      await started;
      range = await registered(api, name, START_TIMEOUT_MS + REGISTER_MS, both);
      await waiting.ranged?.(range);
      await imported;
      if (waiting.connects) await connectPods(session, range, { ...waiting, signal: both });
    },
  ]);
  // Not before: who leaves for it would leave for one that may never come.
  if (waiting.connects) await ready(api, name, waiting);
  await forgetBootstrap(session, signal);
  return podCidr;
}

/**
 * Has a kubelet ask for its credentials anew, as when it joined, by whoever signs them now, and believe whom `caPem` has. It is
 * started again for it; its pods run on. Can be repeated. One that was still to join is that afterwards too: it may lack images.
 * @throws ReplicaError, ApiError, SshError
 */
export async function rejoinNode(
  session: Session,
  api: ApiClient,
  node: Omit<Joining, 'binaries'>,
  waiting: Waiting = {},
): Promise<void> {
  const { signal } = waiting;
  const look = `[ -e ${nodePaths.bootstrapKubeconfig} ]`;
  const isJoining = (await session.exec(look, { what: 'see whether it has joined', signal })).code === 0;
  const made = await createJoinToken(api, { purpose: `${node.name} anew`, minutes: TOKEN_MINUTES, signal });
  await startNode(session, { node, caPem: node.caPem, token: async () => made, anew: true }, waiting);
  await nodeIsWell(session, waiting);
  if (!isJoining) await forgetBootstrap(session, signal);
  await deleteJoinToken(api, made, signal);
}

/**
 * A joined node's pods get addresses of their range; the route to it must be there. Resolves when the node is Ready.
 * @throws TimeoutError with the reason why it is not Ready; ApiError, SshError
 */
export async function connectNode(
  session: Session,
  api: ApiClient,
  name: string,
  podCidr: string,
  waiting: Waiting = {},
): Promise<NodeObject> {
  await connectPods(session, podCidr, waiting);
  return blamingClock(session, waiting.signal, () => ready(api, name, waiting));
}

/** A node that does not come says so by what it met; that its clock is wrong, none of its parts may say. */
async function blamingClock<T>(
  session: Session,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const comesFromNode = error instanceof ReplicaError || error instanceof TimeoutError;
    const clock = comesFromNode && !signal?.aborted ? await clockTrouble(session) : null;
    if (clock === null) throw error;
    const { message, remedies } = error as Failure;
    throw new ReplicaError(`${message}; ${clock}`, { advice: remedies, cause: error });
  }
}

/**
 * The API has no such node though its kubelet, which had its credentials before, is well: somebody has deleted the object. A kubelet registers
 * when it starts, and never again (its kubelet_node_status.go: registrationCompleted).
 */
async function isLost(api: ApiClient, name: string, signal: AbortSignal): Promise<boolean> {
  const ask = async () => ({ node: await look(api, name, signal) });
  const what = `the API to say whether it has the node ${name}`;
  const { node } = await waitFor(ask, { what, timeoutMs: REGISTER_MS, signal });
  return node === null;
}

/** The range that the controller manager has given the node. */
function registered(api: ApiClient, name: string, timeoutMs: number, signal: AbortSignal): Promise<string> {
  return waitFor(
    async () => {
      const node = await look(api, name, signal);
      if (!node) throw new Error('the API has no node of this name yet');
      if (node.podCidr !== null) return node.podCidr;
      const others = (await listNodes(api, signal)).filter(({ podCidr }) => podCidr !== null).length;
      throw new Error(`the controller manager gives it none; ${others} nodes have one`);
    },
    { what: `${name}: a range for its pods`, timeoutMs, maxIntervalMs: 50, signal },
  );
}

function ready(api: ApiClient, name: string, waiting: Waiting): Promise<NodeObject> {
  return waitFor(
    async () => {
      const node = await look(api, name, waiting.signal);
      if (node?.ready === 'ready') return node;
      const why = node?.problem ?? 'the API has no node of this name';
      waiting.progress?.(`${name}: ${why}`);
      throw new Error(why);
    },
    { what: `${name} to be Ready`, timeoutMs: READY_MS, maxIntervalMs: 500, signal: waiting.signal },
  );
}

/** What will not become better by waiting ends the wait. */
async function look(api: ApiClient, name: string, signal: AbortSignal | undefined) {
  try {
    return await readNode(api, name, signal);
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) throw new GiveUp(error);
    throw error;
  }
}
