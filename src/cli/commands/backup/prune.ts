import { defineCommand } from '../../command.ts';
import * as flags from '../../flags.ts';
import { counted } from '../../output/words.ts';

export const backupPrune = defineCommand({
  name: 'backup prune',
  summary: 'remove backups that are older than --backup-keep has it',
  details: 'Masters need no right to delete: this runs restic here, with the right of whoever types it.',
  operands: [],
  flags: { cluster: flags.cluster, dryRun: flags.dryRun },
  examples: ['haup backup prune -c demo'],

  async run(call) {
    const { cluster, dryRun } = call.flags;
    const engine = await call.engine();
    const left = await engine.pruneBackups({ cluster, dryRun });
    call.settle();
    call.world.out.write(
      `${cluster} has ${counted(left, 'backup')}${dryRun ? ', nothing was removed' : ''}\n`,
    );
    return 0;
  },
});
