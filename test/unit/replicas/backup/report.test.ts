import { expect, test } from 'vitest';
import { parseReport } from '../../../../src/replicas/backup/report.ts';

const last = {
  ...{ id: '0a1b2c3d', taken: '2026-11-25T12:00:00Z', finished: '2026-11-25T12:00:02Z' },
  ...{ size: 4096, added: '1 KiB', store: 12 },
};

test('a machine says how far its backups have come', () => {
  expect(parseReport('')).toBeNull();
  expect(parseReport('generation 3\n')).toEqual({ generation: 3, last: null, failure: null });
  expect(
    parseReport(`generation 3\nlast ${JSON.stringify(last)}\nfailure 2026-11-25T12:01:00Z restic: no\n`),
  ).toEqual({
    generation: 3,
    last,
    failure: { at: '2026-11-25T12:01:00Z', words: 'restic: no' },
  });
  expect(parseReport('generation 3\nsince 1795000000\n')).toEqual({
    ...{ generation: 3, since: '2026-11-18T11:06:40Z' },
    ...{ last: null, failure: null },
  });
  expect(parseReport(`generation 3\nsince \nlast ${JSON.stringify(last)}\n`)).toEqual({
    generation: 3,
    last,
    failure: null,
  });
  // What was left of a machine that is told of no backups any more.
  expect(parseReport(`last ${JSON.stringify(last)}\n`)).toBeNull();
});

test.each([
  'generation x\n',
  'generation 3\nlast {"id":\n',
  'last\n',
  'generation 3\nlast {"id":"x"}\n',
  'oops',
])('what is not as it was written is no answer: %j', (text) => {
  expect(parseReport(text)).toBeUndefined();
});

test('files that a power failure has emptied say nothing of backups, and hide nothing else', () => {
  expect(parseReport('generation 3\nlast \nfailure \n')).toEqual({
    generation: 3,
    last: null,
    failure: null,
  });
});
