import { describe, expect, test, vi } from 'vitest';
import { BackupError } from '../../../src/backup/errors.ts';
import {
  chosen,
  listBackups,
  openRepository,
  ownOf,
  readSnapshots,
  rivalOf,
} from '../../../src/backup/list.ts';
import type { Restic } from '../../../src/backup/restic.ts';

const tags = (more: Record<string, string> = {}) =>
  Object.entries({
    ...{ format: '1', cluster: 'demo', taken: '2026-11-25T12:00:00Z', by: 'demo-master', size: '4096' },
    ...{ revision: '7', keys: '3', hash: '99', store: '12' },
    ...more,
  }).map(([name, value]) => `${name}=${value}`);
const snapshot = (id: string, more?: Record<string, string>) => ({
  ...{ time: 'x', tree: 'y', paths: ['/var/lib/haup/backup/work'], id: `${id}ffff` },
  ...{ short_id: id, tags: ['haup', ...tags(more)] },
});
const read = (...list: unknown[]) => readSnapshots(JSON.stringify(list));

test('many backups may take long to be listed', async () => {
  const restic = vi.fn<Restic>(async () => '[]');
  await listBackups(restic);
  await openRepository(restic);
  const long = expect.objectContaining({ timeoutMs: 30 * 60_000 });
  const listings = restic.mock.calls.filter(([[command]]) => command === 'snapshots');
  expect(listings).toHaveLength(2);
  for (const call of listings) expect(call).toEqual([expect.anything(), long]);
});

describe('the backups in a repository', () => {
  test('are what their tags say, the newest first', () => {
    const backups = read(snapshot('aaaaaaaa'), snapshot('bbbbbbbb', { taken: '2026-11-25T12:01:00Z' }));
    expect(backups.map(({ id }) => id)).toEqual(['bbbbbbbb', 'aaaaaaaa']);
    expect(backups[1]).toEqual({
      ...{ id: 'aaaaaaaa', cluster: 'demo', taken: '2026-11-25T12:00:00Z', by: 'demo-master', size: 4096 },
      ...{ etcdRevision: 7, keys: 3, hash: 99, storeRevision: 12 },
      ...{ uid: null, verified: null },
    });
  });

  test('are haup’s own: somebody else’s are left alone', () => {
    expect(
      read({ ...snapshot('cccccccc'), tags: ['haup'] }, { ...snapshot('dddddddd'), tags: null }),
    ).toEqual([]);
  });

  test('are good since they were read, as the newest note says, and no other note', () => {
    const note = (of: string, at: string) => ({
      ...{ short_id: 'ffffffff', tags: ['haup-verified', `of=${of}`, `at=${at}`] },
    });
    const backups = read(
      note('bbbbbbbb', '2026-11-25T13:00:00Z'),
      snapshot('aaaaaaaa'),
      snapshot('bbbbbbbb', { taken: '2026-11-25T12:01:00Z' }),
      note('bbbbbbbb', '2026-11-25T14:00:00Z'),
      note('bbbbbbbb', '2026-11-25T12:00:00Z'),
      note('aaaaaaaa', 'yesterday'),
    );
    expect(backups.map(({ id, verified }) => [id, verified])).toEqual([
      ['bbbbbbbb', '2026-11-25T14:00:00Z'],
      ['aaaaaaaa', null],
    ]);
  });

  test('of an older cluster with this name are not this one’s', () => {
    const [ours, theirs] = ['0123456789abcdef', 'fedcba9876543210'];
    const backups = read(
      snapshot('aaaaaaaa', { uid: ours }),
      snapshot('bbbbbbbb', { uid: theirs, taken: '2026-11-25T12:01:00Z' }),
      snapshot('cccccccc', { taken: '2026-11-25T11:00:00Z' }),
    );
    expect(ownOf(backups, ours).map(({ id }) => id)).toEqual(['aaaaaaaa', 'cccccccc']);
    expect(chosen(backups, undefined, ours).id).toBe('aaaaaaaa');
    expect(chosen(backups, undefined).id).toBe('bbbbbbbb');
    expect(chosen(backups, 'cccccccc', ours).id).toBe('cccccccc');
    expect(() => chosen(backups, 'bbbbbbbb', ours)).toThrow(/bbbbbbbb is of another cluster named demo/);
    expect(() => chosen(ownOf(backups, theirs).slice(0, 1), undefined, ours)).toThrow(/no backup in the/);
  });

  test('of a future are the newest only where etcd’s revision says so, or where all are', () => {
    const now = Date.parse('2026-11-25T12:05:00Z');
    const newest = (...backups: unknown[]) => chosen(read(...backups), undefined, undefined, now).id;
    const past = [
      snapshot('aaaaaaaa', { revision: '70' }),
      snapshot('bbbbbbbb', { taken: '2026-11-25T12:01:00Z', revision: '80' }),
    ];
    const future = (id: string, revision: string) =>
      snapshot(id, { taken: '2026-11-26T12:00:00Z', revision });
    expect(newest(...past, future('cccccccc', '75'))).toBe('bbbbbbbb');
    expect(newest(...past, future('cccccccc', '75'), future('dddddddd', '90'))).toBe('dddddddd');
    expect(
      newest(...past, {
        ...future('cccccccc', '90'),
        tags: ['haup', ...tags({ taken: '2026-11-26T12:00:00Z', revision: '90', uid: 'another' })],
      }),
    ).toBe('bbbbbbbb');
    expect(newest(future('cccccccc', '75'))).toBe('cccccccc');
    expect(newest(...past, snapshot('eeeeeeee', { taken: '2026-11-25T12:15:00Z', revision: '1' }))).toBe(
      'eeeeeeee',
    );
    expect(chosen(read(...past, future('cccccccc', '75')), 'cccccccc', undefined, now).id).toBe('cccccccc');
  });

  describe('of one cluster', () => {
    const uid = '0123456789abcdef';
    const now = Date.parse('2026-11-25T13:00:00Z');
    /** `at`: the minute of an hour, by its master's clock. */
    const backup = (id: string, at: number, revision: number, store: number, of: string | null = uid) =>
      snapshot(id, {
        ...{ taken: `2026-11-25T12:${at}:00Z`, revision: `${revision}`, store: `${store}` },
        ...(of === null ? {} : { uid: of }),
      });
    const seen = (...list: unknown[]) => {
      const backups = read(...list);
      const newest = chosen(backups, undefined, undefined, now);
      return [newest.id, rivalOf(backups, newest)?.id];
    };

    test('are newer by what etcd and the store say, whose revisions both are greater, whatever the clock said', () => {
      const old = backup('aaaaaaaa', 50, 100, 20);
      const behind = [backup('bbbbbbbb', 10, 150, 20), backup('cccccccc', 11, 160, 21)];
      expect(seen(old, ...behind)).toEqual(['cccccccc', undefined]);
    });

    test('are newer by their dates where etcd and the store contradict each other, and the other may be newer', () => {
      const rescued = backup('aaaaaaaa', 50, 118, 30);
      const givenUp = backup('bbbbbbbb', 40, 120, 20);
      expect(seen(rescued, givenUp)).toEqual(['aaaaaaaa', 'bbbbbbbb']);
      const sealedLongAgo = backup('cccccccc', 55, 200, 15);
      expect(seen(backup('dddddddd', 50, 100, 20), sealedLongAgo)).toEqual(['cccccccc', undefined]);
    });

    test('are compared with no other cluster’s, nor with those of an older haup, which may be one’s', () => {
      const other = backup('bbbbbbbb', 10, 900, 90, 'fedcba9876543210');
      expect(seen(backup('aaaaaaaa', 50, 100, 20), other)).toEqual(['aaaaaaaa', undefined]);
      const unknown = [backup('aaaaaaaa', 50, 100, 20, null), backup('bbbbbbbb', 10, 900, 90, null)];
      expect(seen(...unknown)).toEqual(['aaaaaaaa', undefined]);
    });
  });

  test('of a newer haup are refused, not misread', () => {
    expect(() => read(snapshot('eeeeeeee', { format: '2' }))).toThrow(/newer haup/);
  });

  test('in no form that haup knows are no defect', () => {
    for (const json of [
      '',
      'oops',
      '{}',
      '[{"short_id":7}]',
      '[{"short_id":"--password-command","tags":[]}]',
    ])
      expect(() => readSnapshots(json)).toThrow(BackupError);
  });

  test('are chosen by an id, short or long, or else the newest', () => {
    const backups = read(snapshot('aaaaaaaa'), snapshot('bbbbbbbb', { taken: '2026-11-25T12:01:00Z' }));
    expect(chosen(backups, undefined).id).toBe('bbbbbbbb');
    expect(chosen(backups, 'aaaaaaaa').id).toBe('aaaaaaaa');
    expect(chosen(backups, 'aaaaaaaaffffffff').id).toBe('aaaaaaaa');
    expect(() => chosen(backups, '12345678')).toThrow(/no backup "12345678"/);
    expect(() => chosen([], undefined)).toThrow(/no backup in the repository/);
  });
});
