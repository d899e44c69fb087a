import type { ApiClient } from '../../kubernetes/client.ts';
import { callApi } from '../../kubernetes/client.ts';
import { waitFor } from '../../util/wait.ts';
import { type CounterOperation, counterViolations } from './history.ts';
import { ask, describeError, type Load } from './load.ts';

export interface CounterReport {
  readonly increments: number;
  readonly reads: number;
  /** Requests without an answer, or with one that says nothing about what happened. */
  readonly failures: readonly string[];
  readonly violations: readonly string[];
}

interface ConfigMap {
  readonly metadata: { readonly name: string; readonly resourceVersion?: string };
  readonly data?: Readonly<Record<string, string>>;
}

const WORKERS = 2;
const PAUSE_MS = 150;
const TIMEOUT_MS = 5000;
const LAST_READ_MS = 60_000;

/** Workers that increase one number by compare-and-swap on its resourceVersion, each request on a new connection. */
export async function countUp(api: ApiClient, folder: string, name: string): Promise<Load<CounterReport>> {
  const path = `${folder}/${name}`;
  const body = (value: number, resourceVersion?: string): ConfigMap => ({
    metadata: { name, ...(resourceVersion ? { resourceVersion } : {}) },
    data: { value: String(value) },
  });
  await ask(api, { method: 'POST', path: folder, body: body(0), timeoutMs: TIMEOUT_MS });
  const operations: CounterOperation[] = [];
  const failures: string[] = [];
  let going = true;

  const increase = async (): Promise<void> => {
    let began = performance.now();
    const read = await ask<ConfigMap>(api, { path, timeoutMs: TIMEOUT_MS });
    const value = Number(read.data?.value);
    operations.push({ kind: 'read', value, began, ended: performance.now(), outcome: 'acknowledged' });
    began = performance.now();
    const done = (outcome: CounterOperation['outcome']): void => {
      operations.push({ kind: 'write', value: value + 1, began, ended: performance.now(), outcome });
    };
    const swap = { method: 'PUT', path, body: body(value + 1, read.metadata.resourceVersion) };
    try {
      const { status, text } = await callApi(api, { ...swap, timeoutMs: TIMEOUT_MS });
      done(status === 200 ? 'acknowledged' : status === 409 ? 'refused' : 'unknown');
      if (status !== 200 && status !== 409) failures.push(`answered ${status}: ${text.slice(0, 200)}`);
    } catch (error) {
      done('unknown');
      throw error;
    }
  };

  const worker = async (): Promise<void> => {
    while (going) {
      await increase().catch((error: unknown) => failures.push(describeError(error)));
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  };
  const workers = Array.from({ length: WORKERS }, worker);
  return {
    async stop() {
      going = false;
      await Promise.all(workers);
      const began = performance.now();
      const last = await waitFor(() => ask<ConfigMap>(api, { path, timeoutMs: TIMEOUT_MS }), {
        what: 'the counter to be read once more',
        timeoutMs: LAST_READ_MS,
      });
      const value = Number(last.data?.value);
      operations.push({ kind: 'read', value, began, ended: performance.now(), outcome: 'acknowledged' });
      const acknowledged = operations.filter((o) => o.outcome === 'acknowledged');
      return {
        increments: acknowledged.filter((o) => o.kind === 'write').length,
        reads: acknowledged.filter((o) => o.kind === 'read').length,
        failures,
        violations: counterViolations(0, operations),
      };
    },
  };
}
