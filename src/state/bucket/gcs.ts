import type { Readable } from 'node:stream';
import { Storage } from '@google-cloud/storage';
import { deadline } from '../../util/deadline.ts';
import { readText } from '../../util/text/bounded.ts';
import { unlessAborted } from '../../util/unless-aborted.ts';
import type { BucketAddress } from './address.ts';
import { bucketError, lostRace, missingObject, mustBeProtected } from './errors.ts';
import { ageOf, CALL_MS, OBJECT_LIMIT, type Objects } from './objects.ts';

/**
 * A bucket of Google Cloud Storage. Conditional writes name a generation, 0 being "there is none":
 * https://cloud.google.com/storage/docs/request-preconditions. Credentials are Google's application default ones.
 */
export function gcsObjects(
  { bucket: name, prefix, endpoint }: BucketAddress,
  { callMs = CALL_MS, maxBytes = OBJECT_LIMIT } = {},
): Objects {
  const storage = new Storage({
    retryOptions: { maxRetries: 3, totalTimeout: 20 },
    ...(endpoint ? { apiEndpoint: endpoint, useAuthWithCustomEndpoint: false } : {}),
  });
  const where = `gs://${name}`;
  // The client also takes it from the environment.
  mustBeProtected(where, new URL(storage.apiEndpoint));
  const bucket = storage.bucket(name);
  const at = (key: string) => bucket.file(prefix + key);
  const timed = <T>(work: (limit: AbortSignal) => Promise<T>): Promise<T> => {
    const limit = deadline(callMs);
    return unlessAborted(limit, () => work(limit));
  };
  return {
    async get(key) {
      try {
        return await timed(async (limit) => {
          const { text, headers } = await download(
            at(key).createReadStream({ validation: false }),
            maxBytes,
            limit,
          );
          const version = headers['x-goog-generation'] ?? '';
          return { text, version, age: ageOf(headers.date, headers['last-modified']) };
        });
      } catch (error) {
        if (missingObject(error)) return null;
        throw bucketError(where, error);
      }
    },
    async put(key, text, over) {
      const file = at(key);
      try {
        await timed(() =>
          file.save(text, {
            resumable: false,
            contentType: 'application/json',
            metadata: { cacheControl: 'no-store' },
            preconditionOpts: { ifGenerationMatch: over === null ? 0 : Number(over) },
          }),
        );
        return String(file.metadata.generation);
      } catch (error) {
        if (lostRace(error)) return null;
        throw bucketError(where, error);
      }
    },
    async remove(key) {
      try {
        await timed(() => at(key).delete({ ignoreNotFound: true }));
      } catch (error) {
        throw bucketError(where, error);
      }
    },
    async list(below) {
      const keys: string[] = [];
      let pageToken: string | undefined;
      try {
        do {
          const query = { prefix: prefix + below, autoPaginate: false, ...(pageToken ? { pageToken } : {}) };
          const [files, next] = await timed(() => bucket.getFiles(query));
          keys.push(...files.map((file) => file.name.slice(prefix.length)));
          const token = (next as { pageToken?: string } | null)?.pageToken;
          if (token !== undefined && token === pageToken)
            throw new Error('it gives the same page of its list again');
          pageToken = token;
        } while (pageToken);
        return keys.sort();
      } catch (error) {
        throw bucketError(where, error);
      }
    },
  };
}

interface Downloaded {
  readonly text: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** One answer's body with its headers: text and version are of the same object, then. */
async function download(stream: Readable, maxBytes: number, limit: AbortSignal): Promise<Downloaded> {
  let headers: Downloaded['headers'] = {};
  stream.on('response', (response: { headers: Downloaded['headers'] }) => {
    headers = response.headers;
  });
  const end = (): void => void stream.destroy(limit.reason);
  limit.addEventListener('abort', end);
  try {
    return { text: await readText(stream, maxBytes), headers };
  } finally {
    limit.removeEventListener('abort', end);
    stream.destroy();
  }
}
