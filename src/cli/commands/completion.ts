import { defineCommand } from '../command.ts';

export const completion = defineCommand({
  name: 'completion',
  summary: 'print the shell completion script (bash, zsh)',
  operands: [],
  flags: {},
  examples: ['haup completion >> ~/.bashrc'],

  async run() {
    const { printCompletionScript } = await import('../completion.ts');
    printCompletionScript();
    return 0;
  },
});
