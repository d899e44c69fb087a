import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { allPermissions } from './permissions.ts';

it('docs/gce.md lists the permissions that Compute Engine asks for, all and no others', () => {
  const text = readFileSync(new URL('../../../docs/gce.md', import.meta.url), 'utf8');
  const listed = (/```\n(compute\.[^`]*)```/.exec(text)?.[1] ?? '').trim().split('\n');
  expect(listed).toEqual(allPermissions);
});
