import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesBelow } from '../../../support/files-below.ts';
import { freePort } from '../../../support/free-port.ts';
import { killed } from '../../../support/programs.ts';
import { startS3Server } from '../../../support/s3-server.ts';
import { startGcsServer } from './gcs-server.ts';
import { serialS3 } from './serial-s3.ts';

/** A place for stores, on loopback. */
export interface StoreServer {
  /** A store's address below a prefix that nobody else uses. */
  url(prefix: string, bucket?: string): string;
  /** Every object's bytes. */
  everything(): Promise<string>;
  close(): Promise<void>;
}

const BUCKET = 'haup-store';

/** A server of S3's language over a folder. Sets AWS' variables of this process. */
export async function startS3(): Promise<StoreServer> {
  const folder = mkdtempSync(join(tmpdir(), 'haup-s3-'));
  const root = join(folder, 'buckets');
  mkdirSync(join(root, BUCKET), { recursive: true });
  const port = await freePort();
  const [id, secret] = ['test-operator', 'test-operator-secret'] as const;
  const server = await startS3Server(root, { id, secret }, `127.0.0.1:${port}`);
  const proxy = await serialS3(port);
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: id,
    AWS_SECRET_ACCESS_KEY: secret,
    AWS_REGION: 'us-east-1',
  });
  return {
    url: (prefix, bucket = BUCKET) => `s3://${bucket}/${prefix}?endpoint=http://127.0.0.1:${proxy.port}`,
    everything: () => allText(root),
    async close() {
      proxy.close();
      await killed(server);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A server of Google Cloud Storage's language over a folder. */
export async function startGcs(): Promise<StoreServer> {
  const { port, folder, close } = await startGcsServer(BUCKET);
  return {
    url: (prefix, bucket = BUCKET) => `gs://${bucket}/${prefix}?endpoint=http://127.0.0.1:${port}`,
    everything: () => allText(folder),
    close,
  };
}

async function allText(folder: string): Promise<string> {
  return (await Promise.all(filesBelow(folder).map((file) => readFile(file, 'latin1')))).join('\n');
}
