import { defineCommand } from '../../command.ts';
import * as flags from '../../flags.ts';
import { counted } from '../../output/words.ts';

export const backupPrune = defineCommand({
  name: 'backup prune',
  summary: 'remove backups that are older than --backup-keep has it',
  details:
    'Masters need a right to delete below locks/ alone: this runs restic here, with --backup-credentials.',
  operands: [],
  flags: { cluster: flags.cluster, backupCredentials: flags.pruneCredentials, dryRun: flags.dryRun },
  examples: ['haup backup prune -c demo', 'haup backup prune -c demo --backup-credentials ~/operator.aws'],

  async run(call) {
    const { cluster, backupCredentials: credentials = null, dryRun } = call.flags;
    const engine = await call.engine();
    const left = await engine.pruneBackups({ cluster, credentials, dryRun });
    call.settle();
    call.world.out.write(
      `${cluster} has ${counted(left, 'backup')}${dryRun ? ', nothing was removed' : ''}\n`,
    );
    return 0;
  },
});
