import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { BucketAddress } from './address.ts';
import { bucketError, lostRace, missingObject } from './errors.ts';
import { ageOf, type Objects } from './objects.ts';

/** No answer for so long is none; the SDK then asks again, three times in all. */
const ANSWER_MS = 15_000;

/**
 * A bucket of S3, or of a server that speaks its language. Conditional writes are `If-None-Match: *` and `If-Match: <ETag>`:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html. Credentials and region come from where
 * every AWS tool takes them.
 */
export function s3Objects({ bucket, prefix, endpoint, region }: BucketAddress): Objects {
  const client = new S3Client({
    ...(region ? { region } : {}),
    ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
    requestHandler: { requestTimeout: ANSWER_MS, connectionTimeout: 5_000 },
    followRegionRedirects: true,
  });
  const at = (key: string) => ({ Bucket: bucket, Key: prefix + key });
  const told = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw bucketError(`s3://${bucket}`, error);
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
        const answer = await client.send(command);
        const text = (await answer.Body?.transformToString('utf8')) ?? '';
        return { text, version: answer.ETag ?? '', age: ageOf(now, answer.LastModified?.toUTCString()) };
      } catch (error) {
        if (missingObject(error)) return null;
        throw bucketError(`s3://${bucket}`, error);
      }
    },
    put: async (key, text, over) => {
      const condition = over === null ? { IfNoneMatch: '*' } : { IfMatch: over };
      const type = { ContentType: 'application/json', CacheControl: 'no-store' };
      const command = new PutObjectCommand({ ...at(key), Body: text, ...type, ...condition });
      try {
        return (await client.send(command)).ETag ?? '';
      } catch (error) {
        if (lostRace(error)) return null;
        throw bucketError(`s3://${bucket}`, error);
      }
    },
    remove: async (key) => {
      await told(client.send(new DeleteObjectCommand(at(key))));
    },
    async list(below) {
      const keys: string[] = [];
      let from: string | undefined;
      do {
        const page = await told(
          client.send(
            new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix + below, ContinuationToken: from }),
          ),
        );
        for (const { Key } of page.Contents ?? []) if (Key) keys.push(Key.slice(prefix.length));
        from = page.IsTruncated ? page.NextContinuationToken : undefined;
      } while (from);
      return keys.sort();
    },
  };
}
