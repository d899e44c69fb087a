import { ask, type Load, openLoop, type Sample } from '../../src/drill/clients/load.ts';
import type { ApiClient } from '../../src/kubernetes/client.ts';

const HZ = 10;
const DEADLINE_MS = 1000;
const FOLDER = '/api/v1/namespaces/default/configmaps';

/** A write every 100 ms, each a request and a connection of its own with a deadline of 1 s, whether or not others hang. */
export async function startWrites(api: ApiClient, name: string): Promise<Load<Sample[]>> {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } };
  await ask(api, { method: 'POST', path: FOLDER, body: object, timeoutMs: 10_000 });
  return openLoop(HZ, async (count) => {
    await ask(api, {
      method: 'PATCH',
      path: `${FOLDER}/${name}`,
      contentType: 'application/merge-patch+json',
      body: { data: { count: String(count) } },
      timeoutMs: DEADLINE_MS,
    });
  });
}

export interface Gap {
  readonly requests: number;
  readonly failures: number;
  /** Longest time from one answered write to the next, ms. */
  readonly longest: number;
}

export function gapOf(samples: readonly Sample[]): Gap {
  const ends = samples.filter((sample) => sample.error === null).map((sample) => sample.ended);
  ends.sort((a, b) => a - b);
  const longest = Math.max(0, ...ends.slice(1).map((end, index) => end - ends[index]!));
  return { requests: samples.length, failures: samples.filter((s) => s.error !== null).length, longest };
}

/** From the moment of a fault to the first success among the writes that began after it; those in flight are apart. */
export function afterFault(samples: readonly Sample[], fault: number) {
  const later = samples.filter((sample) => sample.began >= fault && sample.error === null);
  const inFlight = samples.filter((sample) => sample.began < fault && sample.ended >= fault);
  return {
    resumedAfter: Math.min(...later.map((sample) => sample.ended)) - fault,
    inFlight: inFlight.length,
    inFlightFailed: inFlight.filter((sample) => sample.error !== null).length,
    failures: samples.filter((sample) => sample.began >= fault && sample.error !== null).length,
  };
}
