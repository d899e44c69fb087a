import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import * as flags from '../flags.ts';
import { replicaName } from '../input/values.ts';
import { finish } from '../output/finish.ts';

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
    output: flags.output,
  },
  examples: [
    'haup remove-replica -c demo demo-master-k2x',
    'haup remove-replica -c demo --zone local-b',
    'haup remove-replica -c demo --count 2 --dry-run',
  ],

  async run(call) {
    const { cluster, zone, count, dryRun } = call.flags;
    const names = [...new Set(call.operands)];
    if (names.length > 0 && (count !== undefined || call.sources.zone === 'flag')) {
      throw new UsageError('name the replicas, or say --zone and --count, not both');
    }
    if (names.length === 0 && zone === undefined && count === undefined) {
      throw new UsageError('which replica? name it, or say --zone, or --count');
    }
    const engine = await call.engine();
    const what = names.length > 0 ? { names } : { zone, count: count ?? 1 };
    return finish(call, await engine.removeReplicas({ cluster, dryRun, ...what }));
  },
});
