import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import * as flags from '../flags.ts';
import { finish } from '../output/finish.ts';
import { commandLine } from '../output/remedy.ts';
import { safe } from '../output/safe.ts';

export const restore = defineCommand({
  name: 'restore',
  summary: 'the store is lost too: bring the cluster back from a repository of backups and your identity',
  details: `Rebuilds what the store had of the cluster, and touches nothing else. If the cluster itself has no quorum any more it is then
rescued from that backup, with --yes. See docs/backup.md.`,
  operands: [],
  flags: {
    cluster: flags.cluster,
    from: flags.from,
    backup: flags.backup,
    backupCredentials: flags.backupCredentials,
    fenced: flags.fenced,
    yes: flags.yes,
    dryRun: flags.dryRun,
    changeReport: flags.changeReport,
    output: flags.output,
  },
  examples: [
    'haup restore -c demo --from s3:https://s3.eu-west-1.amazonaws.com/our-bucket/demo --store-identity ~/identity --yes',
  ],

  async run(call) {
    const { cluster, from, backup, backupCredentials, fenced = [], yes, dryRun } = call.flags;
    if (from === undefined) throw new UsageError('--from is missing: the repository of its backups');
    const engine = await call.engine();
    const credentials = backupCredentials ?? null;
    const found = await engine.restoreStore({ cluster, from, credentials, backup, dryRun });
    const which = `the backup ${safe(found.id)} of ${found.taken}, taken by ${safe(found.by)}`;
    if (dryRun) {
      call.settle();
      call.world.out.write(`would rebuild the store of ${cluster} from ${which}\n`);
      return 0;
    }
    call.emit({ type: 'progress', topic: 'store', message: `the store has ${cluster} again, from ${which}` });
    const { etcd } = await engine.status(cluster);
    const lost = etcd.quorumIs !== 'held';
    if (lost && yes)
      return finish(call, await engine.rescue({ cluster, fenced, backup, dryRun, loses: true }));
    call.settle();
    const command = lost ? 'rescue' : 'status';
    const state = lost ? 'the cluster itself has no quorum' : 'the cluster itself is there';
    call.world.out.write(
      `the store has ${cluster} again, from ${which}; ${state}\nnext: ${commandLine({ command }, { ...call.about, cluster })}\n`,
    );
    return 0;
  },
});
