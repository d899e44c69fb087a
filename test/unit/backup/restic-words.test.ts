import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { readRepository } from '../../../src/backup/repository.ts';
import { isStuck, resticError } from '../../../src/backup/restic-words.ts';

/** All of this was said by real ones: 0.14 of Debian 12, and 0.18 of Debian 13. */
const repository = readRepository('s3:http://127.0.0.1:17171/region/x');
const question = `Is there a repository at the following location?\n${repository.address}\n`;
const tried = (words: string) =>
  [1.2, 2.1, 5.1].map((s) => `Stat(<config/>) returned error, retrying after ${s}s: ${words}\n`).join('');
const stack = `github.com/restic/restic/internal/backend/local.(*Local).Save
\tgithub.com/restic/restic/internal/backend/local/local.go:170
runtime.goexit
\truntime/asm_amd64.s:1594
unable to create lock in backend
`;
const said = {
  noBucket: 'The specified bucket does not exist.',
  noKey: 'The specified key does not exist.',
  signature: 'The request signature we calculated does not match the signature you provided. Check your key.',
  stranger: 'No user exists with the provided access key ID.',
  full: 'write /srv/region/locks/9f-tmp-28: no space left on device',
};

describe('what restic says', () => {
  test.each([
    [
      'no bucket',
      `Fatal: unable to open config file: Stat: ${said.noBucket}\n${question}`,
      'refused',
      /bucket/,
    ],
    ['no bucket', tried(`Stat: ${said.noBucket}`), 'refused', /make the bucket/],
    [
      'no bucket of Google’s',
      'Fatal: create repository at gs:x:/y failed: service.Buckets.Insert: googleapi: Error 400: Required parameter: project\n',
      'refused',
      /make the bucket/,
    ],
    ['nothing there', `Fatal: unable to open config file: Stat: ${said.noKey}\n${question}`, 'empty', /ever/],
    [
      'nothing there',
      `Fatal: repository does not exist: unable to open config file: stat full/x/config: no such file or directory\n${question}`,
      'empty',
      /ever/,
    ],
    [
      'a stranger',
      `Fatal: unable to open config file: Stat: ${said.stranger}\n${question}`,
      'refused',
      /credentials/,
    ],
    [
      'a wrong key',
      `Fatal: unable to open config file: Stat: ${said.signature}\n${question}`,
      'refused',
      /credentials/,
    ],
    ['a wrong key', tried(`Stat: ${said.signature}`), 'refused', /credentials/],
    [
      'a wrong region',
      `Fatal: unable to open config file: Stat: 400 Bad Request\n${question}`,
      'refused',
      /region/,
    ],
    ['a wrong region', tried('Stat: 400 Bad Request'), 'refused', /region/],
    [
      'no right',
      `${tried('client.PutObject: Access Denied.')}Access Denied.\nclient.PutObject\n${stack}`,
      'refused',
      /write/,
    ],
    [
      'no right',
      'Save(<lock/83>) failed: client.PutObject: Access Denied.\n{"message_type":"exit_error","code":1,"message":"unable to create lock in backend: client.PutObject: Access Denied."}\n',
      'refused',
      /write/,
    ],
    [
      'no credentials',
      'Fatal: create repository at gs:backups:/x failed: open: getStorageClient: google: could not find default credentials.\n',
      'refused',
      /credentials/,
    ],
    ['a full disk', `${said.full}\n${stack}`, 'trouble', undefined],
    [
      'a full disk',
      `Save(<lock/45>) failed: ${said.full}\nunable to create lock in backend: ${said.full}\n`,
      'trouble',
      undefined,
    ],
    ['another password', 'Fatal: wrong password or no key found\n', 'refused', /another identity/],
    ['an unknown id', 'Fatal: no matching ID found for prefix "0123abcd"\n', 'not-found', undefined],
    ['damage', 'Fatal: ciphertext verification failed\n', 'damaged', /another backup/],
    ['nobody there', tried('Stat: dial tcp 127.0.0.1:1: connect: connection refused'), 'trouble', undefined],
  ] as const)('%s is understood, in a line of its own words', (_, stderr, kind, advice) => {
    const error = resticError(repository, stderr);
    expect(error.kind).toBe(kind);
    expect(error.advice ?? '').toMatch(advice ?? /^$/);
    expect(error.message).toMatch(/^restic at \S+: \w/);
    expect(error.message).not.toMatch(/\n|\.go:|github|retrying|Is there a repo|Fatal|gave no reason/);
  });

  test('of a full disk says whose it is', () => {
    const advice = (words: string) =>
      resticError(readRepository('/srv/demo'), `Fatal: ${words}\n`).remedies[0];
    const here = `${tmpdir()}/haup-verify-1/restored/etcd.db`;
    expect(advice(`write ${here}: no space left on device`)).toMatch(
      /on this machine, or name another folder/,
    );
    expect(advice('write /srv/demo/locks/9f: no space left on device')).toMatchObject({
      command: 'backup prune',
    });
    const inTmp = resticError(
      readRepository(`${tmpdir()}/demo`),
      `write ${tmpdir()}/demo/locks/9f: no space left on device\n`,
    );
    expect(inTmp.remedies).toMatchObject([{ command: 'backup prune' }]);
  });

  test('of a lock that keeps everybody out says what removes one that nobody holds', () => {
    const by = 'PID 7 on m0 by root (UID 0, GID 0)';
    const error = resticError(
      repository,
      `Fatal: unable to create lock in backend: repository is already locked exclusively by ${by}\n`,
    );
    expect(error.kind).toBe('trouble');
    expect(error.remedies).toEqual([expect.objectContaining({ command: 'backup prune' })]);
  });

  test('the same words are told once', () => {
    const { message } = resticError(
      repository,
      `Save(<lock/45>) failed: ${said.full}\nunable: ${said.full}\n`,
    );
    expect(message).toBe(`restic at ${repository.address}: unable: ${said.full}`);
  });

  test('of one call again and again is no way forward; of several calls, or in the middle of a line, it may be', () => {
    const [one = '', two = '', three = ''] = tried('Stat: x').split(/(?<=\n)/);
    expect(isStuck(one + two)).toBe(false);
    expect(isStuck(one + two + three.slice(0, -1))).toBe(false);
    expect(isStuck(one + two + three.replace('config', 'index'))).toBe(false);
    expect(isStuck(one + two + three)).toBe(true);
  });
});
