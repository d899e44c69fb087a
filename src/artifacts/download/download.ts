import { open, rm } from 'node:fs/promises';
import { type Clock, systemClock } from '../../util/clock.ts';
import { ArtifactError } from '../errors.ts';
import { sha256OfFile } from '../hash.ts';
import { BrokenConnection, explain, get, unreachable } from './fetch.ts';

export interface DownloadOptions {
  /** Bytes on the disk so far, and the size of the whole file where the server says it. */
  readonly onBytes?: (received: number, total: number | null) => void;
  readonly signal?: AbortSignal | undefined;
  /** Plain http is taken too. */
  readonly insecure?: boolean;
  readonly clock?: Clock;
}

/** Connections for one file that may break one after the other without bringing a single byte. */
const FRUITLESS_ATTEMPTS = 4;

/**
 * Downloads a file and checks it. `part` is the file to write to: what an earlier, interrupted download left in it is kept and
 * only the rest is asked for; a connection that breaks is taken up where it broke. On success `part` is the whole, checked file.
 * If the checksum differs after a resumption, what was there before may be to blame, so the whole is fetched once again.
 * @param sha256 lower-case hexadecimal.
 * @throws ArtifactError: unreachable, not-found, checksum (then `part` is gone); the signal's reason when aborted; file system
 *   errors as they are.
 */
export async function downloadFile(
  url: string,
  part: string,
  sha256: string,
  options: DownloadOptions = {},
): Promise<void> {
  const first = await fetchAll(url, part, options);
  if (first.sha256 === sha256) return;
  await rm(part, { force: true });
  const second = first.resumed ? await fetchAll(url, part, options) : first;
  if (second.sha256 === sha256) return;
  await rm(part, { force: true });
  throw new ArtifactError('checksum', `${url} has SHA-256 ${second.sha256}, and should have ${sha256}`, {
    advice:
      'The file was damaged or changed on its way; a proxy may be to blame. Nothing of it was kept: try again.',
  });
}

/** The hash is that of the file, not of what came: whatever else has written to it is found out too. */
async function fetchAll(
  url: string,
  part: string,
  options: DownloadOptions,
): Promise<{ sha256: string; resumed: boolean }> {
  const clock = options.clock ?? systemClock;
  const file = await open(part, 'a+', 0o600);
  try {
    let received = (await file.stat()).size;
    const resumed = received > 0;
    for (let fruitless = 0; ; ) {
      const before = received;
      try {
        await fetchRest();
        return { sha256: await sha256OfFile(part), resumed };
      } catch (error) {
        options.signal?.throwIfAborted();
        if (!(error instanceof BrokenConnection)) throw error;
        fruitless = received > before ? 0 : fruitless + 1;
        if (fruitless === FRUITLESS_ATTEMPTS) throw unreachable(url, error.message, error);
        await clock.sleep(250 * 2 ** fruitless, options.signal);
      }
    }

    async function fetchRest(): Promise<void> {
      const headers: Record<string, string> = received > 0 ? { range: `bytes=${received}-` } : {};
      // 416: nothing is left to send, so the file is whole (or not this file at all: the checksum will tell).
      const { response, alive, close } = await get(url, {
        headers,
        signal: options.signal,
        accept: [416],
        insecure: options.insecure ?? false,
      });
      try {
        if (response.status === 416) return;
        if (response.status !== 206 && received > 0) await startOver();
        const total = sizeOfWhole(response, received);
        options.onBytes?.(received, total);
        await readBody(response, alive, total);
        if (total !== null && received < total) throw new BrokenConnection('the connection ended early');
      } finally {
        close();
      }
    }

    async function readBody(response: Response, alive: () => void, total: number | null): Promise<void> {
      const reader = response.body?.getReader();
      for (;;) {
        const next = await reader?.read().catch((error: unknown) => {
          throw explain(error, url);
        });
        if (!next || next.done) return;
        alive();
        await file.appendFile(next.value);
        received += next.value.length;
        options.onBytes?.(received, total);
      }
    }

    /** The server sends the whole although only the rest was asked for. */
    async function startOver(): Promise<void> {
      await file.truncate(0);
      received = 0;
    }
  } finally {
    await file.close();
  }
}

function sizeOfWhole(response: Response, alreadyHere: number): number | null {
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  const encoded = response.headers.has('content-encoding'); // then the length is that of something else
  return Number.isNaN(length) || encoded ? null : length + alreadyHere;
}
