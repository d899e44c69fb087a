import { describe, expect, it } from 'vitest';
import { commands } from '../../../../src/cli/commands/index.ts';
import { help, version } from '../../../../src/cli/help/help.ts';
import { paper } from '../fake.ts';

function helped(...words: string[]) {
  const [out, err] = [paper(), paper()];
  const code = help(words, out, err);
  return { code, out: out.text, err: err.text };
}

describe('help', () => {
  it('lists every command', () => {
    const { code, out } = helped('--help');
    expect(code).toBe(0);
    for (const command of commands) expect(out).toContain(`\n  ${command.name}`);
  });

  it.each(commands.map((command) => [command.name, command] as const))(
    'of %s names all it takes',
    (name, command) => {
      const { code, out } = helped(name, '--help');
      expect(code).toBe(0);
      for (const flag of Object.values(command.flags)) {
        expect(out).toContain(`--${flag.name}${flag.value === null ? ' ' : ` ${flag.value}`}`);
        for (const variable of flag.variables ?? []) expect(out).toContain(`$${variable.name}`);
      }
      for (const operand of command.operands) expect(out).toContain(operand.name);
      for (const example of command.examples) expect(example).toContain(`haup ${name}`);
      expect(helped('help', name).out).toBe(out);
    },
  );

  it('for an unknown command suggests the nearest', () => {
    expect(helped('statsu', '--help')).toEqual({
      code: 2,
      out: '',
      err: 'haup: there is no command "statsu"; did you mean haup status?\n',
    });
  });

  it('the version is a version', () => {
    expect(version()).toMatch(/^haup \d+\.\d+\.\d+\n$/);
  });
});
