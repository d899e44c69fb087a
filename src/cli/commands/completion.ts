import { defineCommand } from '../command.ts';

export const completion = defineCommand({
  name: 'completion',
  summary: 'print the shell completion script (bash, zsh)',
  operands: [],
  flags: {},
  examples: ['haup completion >> ~/.bashrc'],

  async run() {
    const { default: yargs } = await import('yargs');
    // For the shell that $SHELL (or, in zsh, $ZSH_NAME) names. The script asks `complete` in ../completion.ts.
    yargs().scriptName('haup').showCompletionScript();
    return 0;
  },
});
