import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import * as flags from '../flags.ts';

export const storeMove = defineCommand({
  name: 'store move',
  summary: 'move a cluster to another store: a folder, or a bucket that a team shares',
  details:
    'The cluster is copied with its keys, read back and compared, and only then removed from the store where it was. ' +
    'Stopped anywhere, the same command finishes. Secrets are sealed with --store-identity in a bucket.',
  operands: [],
  flags: { cluster: flags.cluster, to: flags.to, dryRun: flags.dryRun },
  examples: [
    'haup store move -c demo --to s3://our-bucket/haup --store-identity ~/.haup-identity',
    'haup store move -c demo --store gs://our-bucket/haup --to file:///root/.haup/clusters',
  ],

  async run(call) {
    const { cluster, to, dryRun } = call.flags;
    if (to === undefined) throw new UsageError('--to is missing: the address of the other store');
    const engine = await call.engine();
    const copied = await engine.moveStore({ cluster, to, dryRun });
    call.settle();
    const done = copied
      ? 'copied, compared and removed here'
      : 'was there already, as an interrupted move left it; removed here';
    call.world.out.write(
      dryRun ? `would move ${cluster} to ${to}\n` : `${cluster} is in ${to} now: ${done}\n`,
    );
    return 0;
  },
});
