import { defineCommand } from '../../command.ts';
import { confirmedByName } from '../../confirm.ts';
import { UsageError } from '../../errors.ts';
import * as flags from '../../flags.ts';
import * as values from '../../input/values.ts';
import { finish } from '../../output/finish.ts';

export const federationDelete = defineCommand({
  name: 'federation delete',
  summary: 'end a federation: its members leave, its masters are deleted',
  details: 'What it put into its members stays there, as their own, unless --cascade is given.',
  operands: [
    { name: 'NAME', help: 'the federation', needed: true, isCluster: true, parse: values.clusterName },
  ],
  flags: { cascade: flags.cascade, yes: flags.yes, dryRun: flags.dryRun, output: flags.output },
  examples: ['haup federation delete world', 'haup federation delete world --yes'],

  async run(call) {
    const { cascade, yes, dryRun, output } = call.flags;
    const federation = call.operands[0]!;
    const ask = !yes && !dryRun;
    if (ask && !call.world.interactive)
      throw new UsageError('--yes is missing: there is no terminal to ask on whether to delete');
    const engine = await call.engine();
    const question = `This ends the federation ${federation} and deletes its masters.\nType its name to go on: `;
    if (ask && !(await confirmedByName(call, federation, question, 'deleted'))) return 1;
    const { problems } = await engine.disbandFederation({ federation, cascade, dryRun });
    for (const message of problems) call.emit({ type: 'warning', message });
    const outcome = await engine.delete({ cluster: federation, dryRun });
    return finish({ ...call, flags: { cluster: federation, output } }, outcome);
  },
});
