import { defineCommand } from '../../command.ts';
import * as flags from '../../flags.ts';
import { finish } from '../../output/finish.ts';

export const backupDisable = defineCommand({
  name: 'backup disable',
  summary: 'back etcd up no more; what is in the repository stays there',
  operands: [],
  flags: {
    cluster: flags.cluster,
    dryRun: flags.dryRun,
    changeReport: flags.changeReport,
    output: flags.output,
  },
  examples: ['haup backup disable -c demo'],

  async run(call) {
    const { cluster, dryRun } = call.flags;
    const engine = await call.engine();
    return finish(call, await engine.disableBackups({ cluster, dryRun }));
  },
});
