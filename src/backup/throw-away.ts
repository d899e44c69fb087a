import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { tryExec } from '../util/exec.ts';
import { BackupError } from './errors.ts';

/** Programs and files of a control plane that is there for a moment, in a folder that nobody else can enter. */
export interface ThrowAway {
  readonly folder: string;
  /** The folder of etcd, etcdutl and kube-apiserver. */
  readonly programs: string;
  /** Starts a program, which ends with all of this. @returns what it has said so far. */
  start(program: string, args: readonly string[]): () => string;
}

/** Does work with processes that end, and files that go, with it. */
export async function throwAway<T>(programs: string, work: (t: ThrowAway) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'haup-verify-'));
  const running: ChildProcess[] = [];
  const start = (program: string, args: readonly string[]) => {
    const child = spawn(join(programs, program), args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    running.push(child);
    let said = '';
    child.on('error', (error) => {
      said += error.message;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4000);
    });
    return () =>
      child.exitCode === null && child.signalCode === null
        ? ''
        : `${program} ended: ${said.trim().split('\n').at(-1)}`;
  };
  try {
    return await work({ folder, programs, start });
  } finally {
    await Promise.all(running.map(ended));
    await rm(folder, { recursive: true, force: true });
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

/** What etcdutl says of a snapshot. */
export interface SnapshotFacts {
  readonly hash: number;
  readonly revision: number;
  readonly totalKey: number;
}

/**
 * A snapshot ends with the SHA-256 of what is before (etcd's server puts it there), which is pages of some kilobytes: etcdutl checks it
 * only after it has read them, and falls over what is cut short.
 */
async function isWhole(snapshot: string): Promise<boolean> {
  const length = (await stat(snapshot)).size - SHA256_BYTES;
  if (length < PAGE_BYTES || length % PAGE_BYTES !== 0) return false;
  const hash = createHash('sha256');
  for await (const part of createReadStream(snapshot, { end: length - 1 })) hash.update(part as Buffer);
  const file = await open(snapshot);
  try {
    const { buffer } = await file.read(Buffer.alloc(SHA256_BYTES), 0, SHA256_BYTES, length);
    return buffer.equals(hash.digest());
  } finally {
    await file.close();
  }
}

const SHA256_BYTES = 32;
const PAGE_BYTES = 512;

/** What a machine says that has too little of something. */
const OF_THIS_MACHINE =
  /no space left|disk quota|cannot allocate memory|out of memory|too many open files|read-only file system/i;

/** What a program that failed here says of the backup: nothing, where the words are of this machine. */
export function verdict(message: string, words = message): BackupError {
  if (!OF_THIS_MACHINE.test(words)) return new BackupError('damaged', message);
  return new BackupError(
    'trouble',
    `this machine could not restore it, which says nothing of the backup: ${message}`,
    `make room in ${tmpdir()}, or name another folder in TMPDIR`,
  );
}

/** Makes data of a snapshot that etcd starts with. @throws BackupError `damaged` in etcdutl's own words, `trouble` of this machine */
export async function dataOf({ folder, programs }: ThrowAway, snapshot: string): Promise<SnapshotFacts> {
  if (!(await isWhole(snapshot)))
    throw new BackupError(
      'damaged',
      'its snapshot of etcd was cut short or changed',
      'restore another backup',
    );
  const etcdutl = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await tryExec(join(programs, 'etcdutl'), args);
    if (code === 0) return stdout;
    throw verdict(`its snapshot of etcd: ${stderr.trim().split('\n').at(-1)}`, stderr);
  };
  const facts = JSON.parse(await etcdutl('snapshot', 'status', snapshot, '-w', 'json')) as SnapshotFacts;
  await etcdutl('snapshot', 'restore', snapshot, '--data-dir', join(folder, 'data'));
  return facts;
}

/** An address that nothing listens at, for a moment at least. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** Writes files below the folder, for its owner alone. */
export async function put({ folder }: ThrowAway, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { mode: 0o600 });
  }
}
