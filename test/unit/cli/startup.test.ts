import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const root = new URL('../../..', import.meta.url).pathname;
/** An import or export of values: what is loaded with a file. */
const STATIC = /^(?:import|export) (?!type )(?:[^;']*? from )?'([^']+)';/gm;

/** All that is loaded with a file of src, packages by their names. */
function loadedWith(file: string, loaded = new Set<string>()): Set<string> {
  loaded.add(file);
  for (const [, path] of readFileSync(join(root, file), 'utf8').matchAll(STATIC)) {
    const next = path!.startsWith('.') ? join(dirname(file), path!) : path!;
    if (loaded.has(next)) continue;
    if (path!.startsWith('.')) loadedWith(next, loaded);
    else loaded.add(next);
  }
  return loaded;
}

test('what every command loads has no package in it: help and completion take as long as Node does', () => {
  const loaded = [...loadedWith('src/cli/main.ts'), ...loadedWith('src/cli/commands/index.ts')];
  expect(loaded).toContain('src/cli/commands/create.ts');
  expect(loaded.filter((each) => !each.startsWith('src/') && !each.startsWith('node:'))).toEqual([]);
});
