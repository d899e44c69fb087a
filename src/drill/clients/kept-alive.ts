import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { ApiClient } from '../../kubernetes/client.ts';
import { systemClock } from '../../util/clock.ts';
import { describeError, type Load, type LoadReport, type Sample, summarize } from './load.ts';

export interface KeptAliveReport extends LoadReport {
  readonly samples: readonly Sample[];
  /** Answers that began and were not finished. */
  readonly cut: number;
  /** What requests met that were sent once more. */
  readonly retried: readonly string[];
}

const PAUSE_MS = 50;
/** Longer is not waited, whatever an answer asks for. */
const MOST_WAIT_S = 5;

/**
 * One request after the other on a kept-alive connection, every tenth for a large answer; each is sent once more when its connection
 * ends before an answer begins, and, as every Kubernetes client does, when the answer says after how long (Retry-After).
 */
export function keptAlive(api: ApiClient, paths: { small: string; large: string }): Load<KeptAliveReport> {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 1,
    ca: api.caPem,
    cert: api.certPem,
    key: api.keyPem,
  });
  const samples: Sample[] = [];
  const retried: string[] = [];
  let cut = 0;
  let going = true;

  const once = (path: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const outgoing = request({ host: api.ip, port: api.port, path, agent, timeout: 5000 }, (incoming) => {
        let size = 0;
        incoming.on('data', (chunk: Buffer) => {
          size += chunk.length;
        });
        incoming.on('error', () => {});
        incoming.on('close', () => {
          if (!incoming.complete) {
            cut += 1;
            reject(new Error(`the answer was cut after ${size} bytes`));
          } else if (incoming.statusCode === 200 && size > 0) resolve();
          else reject(refusal(incoming));
        });
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in 5 s')));
      outgoing.on('error', reject);
      outgoing.end();
    });

  const loop = (async () => {
    for (let count = 0; going; count++) {
      const path = count % 10 === 0 ? paths.large : paths.small;
      const began = performance.now();
      const error = await once(path)
        .catch(async (first: Refusal) => {
          retried.push(describeError(first));
          await systemClock.sleep(first.waitMs ?? 0);
          return once(path);
        })
        .then(() => null, describeError);
      samples.push({ began, ended: performance.now(), error });
      await systemClock.sleep(PAUSE_MS);
    }
  })();
  return {
    async stop() {
      going = false;
      await loop;
      agent.destroy();
      return { ...summarize(samples), samples, cut, retried };
    },
  };
}

/** Why a request was not answered as it should be. */
interface Refusal extends Error {
  /** After how long the answer asks for the request again. */
  readonly waitMs?: number;
}

/** An API server that stops has who asks on an open connection try again later, and then closes that. */
function refusal({ statusCode = 0, headers }: IncomingMessage): Refusal {
  const seconds = Math.min(Number(headers['retry-after']), MOST_WAIT_S);
  if (![429, 503].includes(statusCode) || !(seconds >= 0)) return new Error(`answered ${statusCode}`);
  const asked = new Error(`answered ${statusCode}, to be asked again after ${seconds} s`);
  return Object.assign(asked, { waitMs: seconds * 1000 });
}
