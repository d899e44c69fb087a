import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readAddress } from '../../../../src/state/bucket/address.ts';
import { gcsObjects } from '../../../../src/state/bucket/gcs.ts';
import type { Objects } from '../../../../src/state/bucket/objects.ts';
import { s3Objects } from '../../../../src/state/bucket/s3.ts';

let server: Server | undefined;

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'id');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  vi.stubEnv('AWS_REGION', 'eu-west-1');
});
afterEach(() => {
  vi.unstubAllEnvs();
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

async function serve(answer: RequestListener): Promise<string> {
  const listening = createServer(answer);
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}`;
}

type Limits = Parameters<typeof s3Objects>[1];
const limits = { answerMs: 200, callMs: 400 };
const kinds: [string, (endpoint: string, limits?: Limits) => Objects][] = [
  ['s3', (endpoint, limits) => s3Objects(readAddress(`s3://haup?endpoint=${endpoint}`), limits)],
  ['gs', (endpoint, limits) => gcsObjects(readAddress(`gs://haup?endpoint=${endpoint}`), limits)],
];

describe.each(kinds)('a bucket of %s', (_, open) => {
  it('that never answers is given up', async () => {
    const objects = open(await serve(() => {}), limits);
    for (const call of [objects.get('demo.json'), objects.put('demo.json', '{}', null), objects.list('')])
      await expect(call).rejects.toMatchObject({ name: 'StoreError', kind: 'disk' });
  });

  it('that begins an answer and never ends it is given up', async () => {
    const endpoint = await serve((_, response) => {
      response.writeHead(200, { date: new Date().toUTCString(), 'content-length': '1000' });
      response.write('{');
    });
    await expect(open(endpoint, limits).get('demo.json')).rejects.toMatchObject({ name: 'StoreError' });
  });

  it('whose answer has no end is not read to the end of the memory', async () => {
    const endpoint = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(2 ** 16)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    await expect(open(endpoint, { maxBytes: 2 ** 20 }).get('demo.json')).rejects.toThrow(
      /longer than 1024 KiB/,
    );
  });

  it('that shows the same page of its list for ever is refused', async () => {
    const endpoint = await serve((_, response) => {
      response.writeHead(200, {
        'content-type': open === kinds[0]![1] ? 'application/xml' : 'application/json',
      });
      response.end(
        open === kinds[0]![1]
          ? '<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken></ListBucketResult>'
          : '{"kind":"storage#objects","nextPageToken":"t","items":[]}',
      );
    });
    await expect(open(endpoint).list('')).rejects.toThrow(/same page/);
  });
});

describe('credentials and keys of clusters', () => {
  it.each([
    'http://192.0.2.1',
    'http://127.0.0.1.example.org',
    'https://me:secret@192.0.2.1',
    'ftp://192.0.2.1',
  ])('go to no server %s', (endpoint) => {
    expect(() => readAddress(`s3://haup?endpoint=${endpoint}`)).toThrow(/is not https|holds credentials/);
  });

  it.each(['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3'])(
    'go to no server in the clear that %s names',
    async (name) => {
      vi.stubEnv(name, 'http://192.0.2.1');
      await expect(s3Objects(readAddress('s3://haup')).get('demo.json')).rejects.toMatchObject({
        kind: 'invalid',
        message: expect.stringMatching(/http:\/\/.*192\.0\.2\.1, is not asked over https/),
      });
    },
  );

  it('go to no server in the clear that STORAGE_EMULATOR_HOST names', () => {
    vi.stubEnv('STORAGE_EMULATOR_HOST', 'http://192.0.2.1:9000');
    expect(() => gcsObjects(readAddress('gs://haup'))).toThrow(/not asked over https/);
  });
});
