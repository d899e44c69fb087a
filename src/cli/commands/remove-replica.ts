import { defineCommand } from '../command.ts';
import * as flags from '../flags.ts';
import { replicaName } from '../input/values.ts';
import { finish } from '../output/finish.ts';
import { removalFrom } from '../removal.ts';

export const removeReplica = defineCommand({
  name: 'remove-replica',
  summary: 'remove master replicas, by name or any one in a zone',
  details: `Without names the choice keeps the spread over the zones and avoids the etcd leader. --count 2 removes two as one
operation: from three masters, go to one at once, because two tolerate no failure.`,
  operands: [
    {
      name: 'NAME',
      help: 'a replica, as haup status names it',
      needed: false,
      many: true,
      parse: replicaName,
    },
  ],
  flags: {
    cluster: flags.cluster,
    zone: flags.zone,
    count: flags.count,
    dryRun: flags.dryRun,
    changeReport: flags.changeReport,
    output: flags.output,
  },
  examples: [
    'haup remove-replica -c demo demo-master-k2x',
    'haup remove-replica -c demo --zone local-b',
    'haup remove-replica -c demo --count 2 --dry-run',
  ],

  async run(call) {
    const { cluster, dryRun } = call.flags;
    const removal = removalFrom(call, 'replica');
    const engine = await call.engine();
    return finish(call, await engine.removeReplicas({ cluster, dryRun, ...removal }));
  },
});
