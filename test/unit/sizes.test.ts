import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { filesBelow } from '../support/files-below.ts';

const MOST = 300;
const MEDIAN = 80;

test('files of src are small: what has grown over its limit has come to be about two things', () => {
  const sizes = filesBelow('src')
    .filter((path) => path.endsWith('.ts'))
    .map((path) => [readFileSync(path, 'utf8').split('\n').length - 1, path] as const)
    .sort(([a], [b]) => a - b);
  expect(sizes.length).toBeGreaterThan(500);
  expect(sizes.filter(([lines]) => lines > MOST)).toEqual([]);
  expect(sizes[Math.floor(sizes.length / 2)]![0]).toBeLessThanOrEqual(MEDIAN);
});
