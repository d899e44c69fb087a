import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';
import { InputError, StepError } from '../../cluster/model/errors.ts';
import type { ApiClient } from '../../kubernetes/client.ts';
import { describeError, type LoopLimits, type OpenLoop, openLoop } from './load.ts';
import { makeOwnPods } from './own-pods.ts';

/** What of the cluster's workload is asked during a drill: pods that it makes on these nodes, or whatever answers at an address of the user's. */
export type Workload = { readonly onNodes: readonly string[] } | URL;

export interface AskedWorkload extends OpenLoop {
  /** As a report shows it: a query may hold a secret. */
  readonly address: string;
}

const TIMEOUT_MS = 5000;

/** @throws InputError unless it answers now, as a drill could not tell otherwise what it has done to it. */
export async function mustAnswer(url: URL): Promise<void> {
  await askFor(url).catch((error: unknown) => {
    throw new InputError(`${shown(url)} does not answer as it is: ${describeError(error)}`, {
      cause: error,
      advice: { to: 'ask something else, or nothing', setting: 'workload', example: 'none' },
    });
  });
}

/**
 * Where the workload is asked; what has to be made for it is there.
 * @throws StepError where the drill's own pods do not come: nothing is hurt yet
 */
export async function workloadAddress(
  api: ApiClient,
  namespace: string,
  workload: Workload,
  signal?: AbortSignal,
): Promise<URL> {
  if (workload instanceof URL) return workload;
  return makeOwnPods(api, namespace, workload.onNodes, signal).catch((error: unknown) => {
    signal?.throwIfAborted();
    const remedy = { to: 'play without them', setting: 'workload', example: 'none' } as const;
    throw new StepError('run pods on the nodes, and nothing was hurt', error, remedy);
  });
}

/** Asks on a new connection each time; any answer below 400 is a good one. */
export function askWorkload(
  url: URL,
  { hz, ...limits }: { readonly hz: number } & LoopLimits,
): AskedWorkload {
  return { ...openLoop(hz, () => askFor(url), limits), address: shown(url) };
}

function shown({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

function askFor(url: URL): Promise<void> {
  const get = url.protocol === 'https:' ? getHttps : getHttp;
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const fail = (error: Error): void =>
      reject(signal.aborted ? new Error(`no answer in ${TIMEOUT_MS / 1000} s`) : error);
    const asking = get(url, { agent: false, signal }, (answer) => {
      const { statusCode = 0 } = answer;
      answer.on('error', fail);
      answer.on('end', () => (statusCode < 400 ? resolve() : reject(new Error(`answered ${statusCode}`))));
      answer.resume();
    });
    asking.on('error', fail);
  });
}
