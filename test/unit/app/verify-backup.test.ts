import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateIdentity } from 'age-encryption';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { proven } from '../../../src/app/backups/verify-backup.ts';
import { writeBundle } from '../../../src/backup/bundle.ts';
import { backupKey, seal } from '../../../src/backup/key.ts';
import { readRepository } from '../../../src/backup/repository.ts';
import { noHistory } from '../../../src/cluster/world/memory.ts';
import { createAuthorities, serializeAuthorities } from '../../../src/pki/authorities.ts';
import {
  createKubeletAuthorities,
  serializeKubeletAuthorities,
} from '../../../src/pki/kubelet-authorities.ts';
import { QUOTA_BYTES } from '../../../src/replicas/units/etcd.ts';
import { specOf } from '../../support/clusters.ts';
import { fakeProgram } from '../../support/fake-program.ts';

/** A whole backup, and programs that note what they are given, and say what a test wants. */
const spec = specOf(['m0']);
let folder: string;
const at = (name: string): string => join(folder, name);

const program = (name: string, script: string): void => fakeProgram(folder, name, script);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'haup-verify-test-'));
  writeFileSync(at('identity'), await generateIdentity(), { mode: 0o600 });
  const { recipient } = await backupKey(at('identity'), 'demo');
  const secrets = {
    authorities: serializeAuthorities(await createAuthorities('demo')),
    'kubelet-authorities': serializeKubeletAuthorities(await createKubeletAuthorities('demo')),
    'encryption-key': Buffer.alloc(32).toString('base64'),
  };
  const bundle = writeBundle({ revision: 12, state: { spec, history: noHistory, pins: {} }, secrets });
  writeFileSync(at('sealed.age'), await seal(bundle, recipient));
  const pages = Buffer.alloc(4096);
  writeFileSync(at('etcd.db'), Buffer.concat([pages, createHash('sha256').update(pages).digest()]));
  const facts = `"format=1","cluster=demo","uid=${spec.uid}","taken=2026-11-25T12:00:00Z","by=m0","size=1"`;
  const tags = `"haup",${facts},"revision=7","keys=3","hash=9","store=12"`;
  writeFileSync(at('list'), `[{"short_id":"aaaaaaaa","tags":[${tags}]}]`);
  const restore = `for to; do :; done; mkdir -p "$to"; cp ${at('sealed.age')} ${at('etcd.db')} "$to"`;
  program('restic', `case "$*" in *restore*) ${restore} ;; *) cat ${at('list')} ;; esac`);
  program('kube-apiserver', 'exec sleep 300');
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

const verify = () =>
  proven(
    { repository: readRepository('/backups'), password: 'p', credentials: null },
    {
      ...{ emit: () => {}, signal: new AbortController().signal, identity: at('identity'), now: Date.now },
      environment: { PATH: `${folder}:${process.env.PATH}` },
    },
    { programs: folder, uid: spec.uid, asked: undefined },
  );
const GOOD = `echo '{"hash":9,"revision":7,"totalKey":3}'`;

test('a backup is not called damaged where this machine is at fault', async () => {
  for (const words of ['write /tmp/haup-verify-1/data: no space left on device', 'cannot allocate memory']) {
    const here = { kind: 'trouble', advice: expect.stringMatching(/TMPDIR/) };
    program('etcdutl', `echo 'Error: ${words}' >&2; exit 1`);
    await expect(verify()).rejects.toMatchObject(here);
    program('etcdutl', GOOD);
    program('etcd', `echo '${words}' >&2; exit 1`);
    await expect(verify()).rejects.toMatchObject(here);
  }
});

test('a backup is damaged where the programs say so of it', async () => {
  program('etcdutl', `echo 'Error: invalid database' >&2; exit 1`);
  await expect(verify()).rejects.toMatchObject({ kind: 'damaged', message: /invalid database/ });
});

test('a backup is read with the room that masters give etcd', async () => {
  program('etcdutl', GOOD);
  program('etcd', `echo "$@" >${at('given')}; exit 1`);
  await expect(verify()).rejects.toMatchObject({ kind: 'damaged' });
  expect(readFileSync(at('given'), 'utf8')).toContain(`--quota-backend-bytes ${QUOTA_BYTES}`);
});
