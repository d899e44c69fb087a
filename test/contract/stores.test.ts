import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { generateIdentity } from 'age-encryption';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openStore } from '../../src/state/open.ts';
import { writeNewFile } from '../../src/util/files.ts';
import { storeSuite } from './store-suite.ts';
import { type StoreServer, startGcs, startS3 } from './support/stores/servers.ts';

const schema = z.strictObject({ replicas: z.number().int() });

storeSuite('a folder', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'haup-stores-'));
  return {
    url: (name) => pathToFileURL(join(folder, name)).href,
    everything: async () => '',
    close: async () => rmSync(folder, { recursive: true }),
  };
});
storeSuite('S3', startS3);
storeSuite('Google Cloud Storage', startGcs);

describe.each([
  ['S3', startS3],
  ['Google Cloud Storage', startGcs],
])('a bucket of %s', (_, start) => {
  let server: StoreServer;
  let folder: string;
  beforeAll(async () => {
    server = await start();
    folder = mkdtempSync(join(tmpdir(), 'haup-identity-'));
  }, 900_000);
  afterAll(async () => {
    await server?.close();
    rmSync(folder, { recursive: true });
  });

  it('holds no secret that can be read without the key', async () => {
    const identity = join(folder, 'identity');
    await writeNewFile(identity, await generateIdentity());
    const store = openStore(server.url('sealed'), schema, { identity });
    await store.create('demo', { replicas: 1 }, { authorities: 'PRIVATE-AUTHORITY' });
    await store.secrets('demo').put('ssh', 'PRIVATE-SSH');
    const bytes = await server.everything();
    expect(bytes).toContain('BEGIN AGE ENCRYPTED FILE');
    expect(bytes).not.toMatch(/PRIVATE-/);
    expect(await openStore(server.url('sealed'), schema, { identity }).secrets('demo').get('ssh')).toBe(
      'PRIVATE-SSH',
    );
  });

  it('that does not exist is said to be so, and nothing else', async () => {
    const store = openStore(server.url('x', 'no-such-bucket'), schema);
    await expect(store.list()).rejects.toMatchObject({
      kind: 'missing',
      message: expect.stringMatching(/no-such-bucket/),
    });
    await expect(store.create('demo', { replicas: 1 })).rejects.toMatchObject({ kind: 'missing' });
    await expect(store.lock('demo', { doing: 'haup create' })).rejects.toMatchObject({ kind: 'missing' });
  });

  it('that nobody answers for is trouble with its own words, not a store without clusters', async () => {
    const nobody = server.url('x').replace(/127\.0\.0\.1:\d+/, '127.0.0.1:1');
    await expect(openStore(nobody, schema).read('demo')).rejects.toMatchObject({
      kind: 'disk',
      message: expect.stringMatching(/ECONNREFUSED/),
    });
  });
});

describe('a bucket of S3', () => {
  let server: StoreServer;
  beforeAll(async () => {
    server = await startS3();
  }, 900_000);
  afterAll(() => server?.close());

  it('refuses a stranger, a wrong key and a wrong region, each in a line that says what to do', async () => {
    const region = `${server.url('x')}&region=eu-west-9`;
    await expect(openStore(region, schema).list()).rejects.toMatchObject({
      kind: 'invalid',
      advice: expect.stringMatching(/region/),
    });
    const { AWS_SECRET_ACCESS_KEY } = process.env;
    process.env.AWS_SECRET_ACCESS_KEY = 'wrong';
    const error = await openStore(server.url('x'), schema)
      .list()
      .catch((reason: Error) => reason);
    process.env.AWS_SECRET_ACCESS_KEY = AWS_SECRET_ACCESS_KEY;
    expect(error).toMatchObject({ kind: 'unreadable', advice: expect.stringMatching(/rights/) });
    expect((error as Error).message.split('\n')).toHaveLength(1);
  });
});
