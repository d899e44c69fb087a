import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = new URL('../..', import.meta.url).pathname;

function filesBelow(folder: string): string[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.ts')).map((name) => join(folder, name));
}

/** Types alone can do nothing wrong, nor can constants. */
function doesSomething(file: string): boolean {
  const text = readFileSync(join(root, file), 'utf8');
  return /^(?:export )?(?:async )?function |^(?:export )?const [^;]*=>/m.test(text);
}

/** One test has a line for each kind of step (its type makes it so). */
const STEP = /^src\/cluster\/plan\/steps\/(?!.*effects)/;

test('what decides, what runs it, and what remembers looks have their tests beside their mirrors', () => {
  const files = [
    ...filesBelow('src/cluster/plan'),
    ...filesBelow('src/cluster/loop'),
    'src/cluster/world/observe/look-cache.ts',
  ];
  const mirror = (file: string): string =>
    STEP.test(file)
      ? 'test/unit/cluster/plan/steps/index.test.ts'
      : file.replace(/^src/, 'test/unit').replace(/\.ts$/, '.test.ts');
  expect(files.length).toBeGreaterThan(80);
  expect(files.filter(doesSomething).filter((file) => !existsSync(join(root, mirror(file))))).toEqual([]);
});
