import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';
import { killed } from '../../support/programs.ts';
import { awsCredentials, startS3Server } from '../../support/s3-server.ts';

/** Buckets for restic, on loopback: the same ones behind a server, behind one that takes no writes, and behind one of another region. */
export interface Buckets {
  /** `s3:http://127.0.0.1:…` */
  readonly address: string;
  readonly readOnly: string;
  readonly elsewhere: string;
  /** Of the user who may do everything: an AWS credentials file. */
  readonly credentials: string;
  close(): Promise<void>;
}

const KEYS = { id: 'test-masters', secret: 'test-masters-secret' };

/** With the bucket `backups`. */
export async function startBuckets(): Promise<Buckets> {
  const root = mkdtempSync(join(tmpdir(), 'haup-buckets-'));
  mkdirSync(join(root, 'backups'));
  const servers: ChildProcess[] = [];
  const start = async (...flags: string[]): Promise<string> => {
    const at = `127.0.0.1:${await freePort()}`;
    servers.push(await startS3Server(root, KEYS, at, { flags }));
    return `s3:http://${at}`;
  };
  return {
    address: await start(),
    readOnly: await start('--readonly'),
    elsewhere: await start('--region', 'eu-west-9'),
    credentials: awsCredentials(KEYS),
    async close() {
      await Promise.all(servers.map(killed));
      rmSync(root, { recursive: true, force: true });
    },
  };
}
