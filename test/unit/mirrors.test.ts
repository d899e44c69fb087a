import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mirrorOf } from '../../scripts/mutation/mirror.ts';

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

test('what decides, what runs it, and what remembers looks have their tests beside their mirrors', () => {
  const files = [
    ...filesBelow('src/cluster/plan'),
    ...filesBelow('src/cluster/loop'),
    'src/cluster/world/observe/look-cache.ts',
  ];
  expect(files.length).toBeGreaterThan(80);
  expect(files.filter(doesSomething).filter((file) => !existsSync(join(root, mirrorOf(file))))).toEqual([]);
});
