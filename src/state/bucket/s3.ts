import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { deadline } from '../../util/deadline.ts';
import { readText } from '../../util/text/bounded.ts';
import type { BucketAddress } from './address.ts';
import { bucketError, lostRace, missingObject, mustBeProtected } from './errors.ts';
import { ageOf, CALL_MS, OBJECT_LIMIT, type Objects } from './objects.ts';

/** No answer for so long is none; the SDK then asks again, three times in all. */
const ANSWER_MS = 15_000;

/**
 * A bucket of S3, or of a server that speaks its language. Conditional writes are `If-None-Match: *` and `If-Match: <ETag>`:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html. Credentials and region come from where
 * every AWS tool takes them.
 */
export function s3Objects(
  { bucket, prefix, endpoint, region }: BucketAddress,
  { answerMs = ANSWER_MS, callMs = CALL_MS, maxBytes = OBJECT_LIMIT } = {},
): Objects {
  const where = `s3://${bucket}`;
  const client = new S3Client({
    ...(region ? { region } : {}),
    ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
    requestHandler: { requestTimeout: answerMs, connectionTimeout: 5_000, throwOnRequestTimeout: true },
    followRegionRedirects: true,
  });
  client.middlewareStack.add(
    (next) => (args) => {
      // Where it goes may also come from the environment, from AWS' own files, or from a redirection.
      mustBeProtected(where, args.request as { protocol: string; hostname: string });
      return next(args);
    },
    { step: 'build', name: 'protectedServer' },
  );
  const at = (key: string) => ({ Bucket: bucket, Key: prefix + key });
  /** @throws what the bucket answers; the signal's reason at the time limit. */
  async function timed<T>(work: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = deadline(callMs);
    return work(limit).catch((error: unknown) => {
      throw limit.aborted ? limit.reason : error;
    });
  }
  const told = <T>(work: (abortSignal: AbortSignal) => Promise<T>): Promise<T> =>
    timed(work).catch((error: unknown) => {
      throw bucketError(where, error);
    });
  return {
    async get(key) {
      const command = new GetObjectCommand(at(key));
      let now: string | undefined;
      command.middlewareStack.add(
        (next) => async (args) => {
          const result = await next(args);
          now = (result.response as { headers?: Record<string, string> }).headers?.date;
          return result;
        },
        { step: 'deserialize', priority: 'low', name: 'dateOfAnswer' },
      );
      try {
        return await timed(async (abortSignal) => {
          const answer = await client.send(command, { abortSignal });
          const text = answer.Body ? await bodyOf(answer.Body as Readable, maxBytes, abortSignal) : '';
          return { text, version: answer.ETag ?? '', age: ageOf(now, answer.LastModified?.toUTCString()) };
        });
      } catch (error) {
        if (missingObject(error)) return null;
        throw bucketError(where, error);
      }
    },
    put: async (key, text, over) => {
      const condition = over === null ? { IfNoneMatch: '*' } : { IfMatch: over };
      const type = { ContentType: 'application/json', CacheControl: 'no-store' };
      const command = new PutObjectCommand({ ...at(key), Body: text, ...type, ...condition });
      try {
        return (await timed((abortSignal) => client.send(command, { abortSignal }))).ETag ?? '';
      } catch (error) {
        if (lostRace(error)) return null;
        throw bucketError(where, error);
      }
    },
    remove: async (key) => {
      await told((abortSignal) => client.send(new DeleteObjectCommand(at(key)), { abortSignal }));
    },
    async list(below) {
      const keys: string[] = [];
      let from: string | undefined;
      do {
        const input = { Bucket: bucket, Prefix: prefix + below, ContinuationToken: from };
        const page = await told((abortSignal) =>
          client.send(new ListObjectsV2Command(input), { abortSignal }),
        );
        for (const { Key } of page.Contents ?? []) if (Key) keys.push(Key.slice(prefix.length));
        const next = page.IsTruncated ? page.NextContinuationToken : undefined;
        if (next !== undefined && next === from)
          throw bucketError(where, new Error('it gives the same page of its list again'));
        from = next;
      } while (from);
      return keys.sort();
    },
  };
}

async function bodyOf(body: Readable, maxBytes: number, signal: AbortSignal): Promise<string> {
  const end = (): void => void body.destroy(signal.reason);
  signal.addEventListener('abort', end);
  try {
    return await readText(body, maxBytes);
  } finally {
    signal.removeEventListener('abort', end);
    body.destroy();
  }
}
