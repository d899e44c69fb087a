import { defineCommand } from '../command.ts';
import * as flags from '../flags.ts';
import { finish } from '../output/finish.ts';

export const repair = defineCommand({
  name: 'repair',
  summary: 'finish what an interrupted command began',
  details: `--abandon settles for what is there: what has not become a voter of etcd is removed, and so are nodes that have not
joined; what has left is not brought back. With no voter ever, that deletes the cluster. --abandon --dry-run shows the result.`,
  operands: [],
  flags: {
    cluster: flags.cluster,
    abandon: flags.abandon,
    dryRun: flags.dryRun,
    changeReport: flags.changeReport,
    output: flags.output,
  },
  examples: ['haup repair -c demo', 'haup repair -c demo --abandon --dry-run'],

  async run(call) {
    const { cluster, abandon, dryRun } = call.flags;
    const engine = await call.engine();
    return finish(call, await engine.repair({ cluster, abandon, dryRun }));
  },
});
