import { defineCommand } from '../../command.ts';
import { UsageError } from '../../errors.ts';
import * as flags from '../../flags.ts';
import { finish } from '../../output/finish.ts';
import { backupWish } from './wish.ts';

export const backupEnable = defineCommand({
  name: 'backup enable',
  summary: 'back etcd up by itself from now on, or elsewhere, or more often',
  details:
    'restic on the masters, where etcd leads, sends a snapshot with the keys of the cluster, which are sealed for the age identity in ' +
    '--store-identity. Whoever has that can rescue the cluster. See docs/backup.md.',
  operands: [],
  flags: {
    cluster: flags.cluster,
    backupTo: flags.backupTo,
    backupEvery: flags.backupEvery,
    backupKeep: flags.backupKeep,
    backupCredentials: flags.backupCredentials,
    dryRun: flags.dryRun,
    changeReport: flags.changeReport,
    output: flags.output,
  },
  examples: [
    'haup backup enable -c demo --backup-to s3:https://s3.eu-west-1.amazonaws.com/our-bucket/demo --store-identity ~/identity',
    'haup backup enable -c demo --backup-to rest:https://backup.example.org/demo --backup-every 15s --store-identity ~/identity',
  ],

  async run(call) {
    const { cluster, dryRun } = call.flags;
    const wish = backupWish(call.flags);
    if (wish === undefined) throw new UsageError('--backup-to is missing: where backups are kept');
    const engine = await call.engine();
    return finish(call, await engine.enableBackups({ ...wish, cluster, dryRun }));
  },
});
