import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fabricNamespace } from '../../../src/providers/local/names.ts';
import { killed } from '../../support/programs.ts';
import { awsCredentials, startS3Server } from '../../support/s3-server.ts';
import { clusterKey } from './inside.ts';

/** Storage as a cloud has it: machines and operator reach it under one address. */
export interface CloudStorage {
  readonly address: string;
  /** Of who may read and write: an AWS credentials file. */
  readonly credentials: string;
  /** Where its buckets are folders. */
  readonly root: string;
  close(): Promise<void>;
}

const PORT = 7070;

/** A server of S3's language in the cluster's own network, at the gateway's address, with the bucket `backups`. */
export async function startStorage(cluster: string, apiAddress: string): Promise<CloudStorage> {
  const folder = mkdtempSync(join(tmpdir(), 'haup-cloud-s3-'));
  const root = join(folder, 'buckets');
  mkdirSync(join(root, 'backups'), { recursive: true });
  const keys = { id: 'test-masters', secret: 'test-masters-secret' };
  const credentials = join(folder, 'credentials');
  writeFileSync(credentials, awsCredentials(keys), { mode: 0o600 });
  // The fabric's end of the host's link: the one address that is everybody's.
  const at = `${apiAddress.replace(/\d+$/, '2')}:${PORT}`;
  const within = ['ip', 'netns', 'exec', fabricNamespace(clusterKey(cluster))];
  const server = await startS3Server(root, keys, at, { within });
  return {
    address: `s3:http://${at}`,
    credentials,
    root,
    async close() {
      await killed(server);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
