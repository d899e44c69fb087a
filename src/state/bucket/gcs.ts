import { Storage } from '@google-cloud/storage';
import type { BucketAddress } from './address.ts';
import { bucketError, lostRace, missingObject } from './errors.ts';
import { ageOf, type Objects } from './objects.ts';

/**
 * A bucket of Google Cloud Storage. Conditional writes name a generation, 0 being "there is none":
 * https://cloud.google.com/storage/docs/request-preconditions. Credentials are Google's application default ones.
 */
export function gcsObjects({ bucket: name, prefix, endpoint }: BucketAddress): Objects {
  const storage = new Storage({
    retryOptions: { maxRetries: 3, totalTimeout: 20 },
    ...(endpoint ? { apiEndpoint: endpoint, useAuthWithCustomEndpoint: false } : {}),
  });
  const bucket = storage.bucket(name);
  const at = (key: string) => bucket.file(prefix + key);
  const where = `gs://${name}`;
  return {
    async get(key) {
      try {
        const { text, headers } = await download(at(key).createReadStream({ validation: false }));
        const version = headers['x-goog-generation'] ?? '';
        return { text, version, age: ageOf(headers.date, headers['last-modified']) };
      } catch (error) {
        if (missingObject(error)) return null;
        throw bucketError(where, error);
      }
    },
    async put(key, text, over) {
      const file = at(key);
      try {
        await file.save(text, {
          resumable: false,
          contentType: 'application/json',
          metadata: { cacheControl: 'no-store' },
          preconditionOpts: { ifGenerationMatch: over === null ? 0 : Number(over) },
        });
        return String(file.metadata.generation);
      } catch (error) {
        if (lostRace(error)) return null;
        throw bucketError(where, error);
      }
    },
    async remove(key) {
      try {
        await at(key).delete({ ignoreNotFound: true });
      } catch (error) {
        throw bucketError(where, error);
      }
    },
    async list(below) {
      try {
        const [files] = await bucket.getFiles({ prefix: prefix + below });
        return files.map((file) => file.name.slice(prefix.length)).sort();
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
function download(stream: NodeJS.ReadableStream): Promise<Downloaded> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let headers: Downloaded['headers'] = {};
    stream.on('response', (response: { headers: Downloaded['headers'] }) => {
      headers = response.headers;
    });
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => resolve({ text: Buffer.concat(chunks).toString('utf8'), headers }));
  });
}
