import { defineCommand } from '../command.ts';
import * as flags from '../flags.ts';
import { replicaName } from '../input/values.ts';
import { finish } from '../output/finish.ts';

export const replaceReplica = defineCommand({
  name: 'replace-replica',
  summary: 'replace failed (or living) replicas by new ones in the same zones',
  details: `Several dead ones are replaced together: etcd takes no new member while any dead one is still listed.`,
  operands: [
    {
      name: 'NAME',
      help: 'a replica, as haup status names it',
      needed: true,
      many: true,
      parse: replicaName,
    },
  ],
  flags: {
    cluster: flags.cluster,
    dryRun: flags.dryRun,
    changeReport: flags.changeReport,
    output: flags.output,
  },
  examples: ['haup replace-replica -c demo demo-master-k2x'],

  async run(call) {
    const { cluster, dryRun } = call.flags;
    const names = [...new Set(call.operands)];
    const engine = await call.engine();
    return finish(call, await engine.replaceReplicas({ cluster, names, dryRun }));
  },
});
