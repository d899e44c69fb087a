import { expect, test } from 'vitest';
import { readRepository } from '../../../src/backup/repository.ts';

test.each([
  ['s3:https://s3.eu-west-1.amazonaws.com/bucket/demo', 's3'],
  ['s3:http://10.0.0.1:7070/bucket', 's3'],
  ['gs:bucket:/demo', 'gs'],
  ['rest:https://backup.example.org/demo', 'rest'],
  ['/srv/backups/demo', 'folder'],
])('%s is a repository', (address, kind) => {
  expect(readRepository(address)).toEqual({ address, kind });
});

test.each(['', 'demo', 's3:', 'ftp://x/y', '/srv/two words', 'sftp:me@host:/folder'])(
  '%j is none',
  (address) => {
    expect(() => readRepository(address)).toThrow(/no address of a restic repository/);
  },
);

test('a password in an address would be read by everybody', () => {
  expect(() => readRepository('rest:https://me:secret@backup.example.org/')).toThrow(/no password/);
});
