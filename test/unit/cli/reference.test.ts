import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commands } from '../../../src/cli/commands/index.ts';

const page = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');

describe('docs/cli.md', () => {
  it.each(commands.map((command) => [command.name, command] as const))(
    'names haup %s and all that sets it',
    (name, command) => {
      expect(page).toContain(`\`haup ${name}`);
      for (const flag of Object.values(command.flags)) {
        expect(page).toMatch(new RegExp(`\`--${flag.name}[\` ]`));
        for (const variable of flag.variables ?? []) expect(page).toContain(`\`${variable.name}\``);
      }
    },
  );
});
