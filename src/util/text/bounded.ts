import type { Readable } from 'node:stream';

/** No answer to a question of haup's is longer: more would only fill the operator's memory. */
export const ANSWER_LIMIT = 1024 * 1024;

/** The words of an error about an answer beyond its limit. */
export function tooLong(maxBytes: number): string {
  return `its answer is longer than ${maxBytes / 1024} KiB: the connection was closed`;
}

/** Reads a stream to its end as UTF-8. Rejects with {@link tooLong} beyond `maxBytes`; whoever opened the stream closes it. */
export function readText(stream: Readable, maxBytes = ANSWER_LIMIT): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
      else reject(new Error(tooLong(maxBytes)));
    });
    stream.on('error', reject);
    stream.on('end', () => resolve(Buffer.concat(chunks).toString()));
  });
}
