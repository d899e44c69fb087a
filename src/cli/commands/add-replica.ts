import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import * as flags from '../flags.ts';
import { namedZones, zonesToAdd } from '../input/zones.ts';
import { finish } from '../output/finish.ts';

export const addReplica = defineCommand({
  name: 'add-replica',
  summary: 'add a master replica',
  details: `--count 2 adds two as one operation: from one master, go to three at once, because two tolerate no failure.`,
  operands: [],
  flags: {
    cluster: flags.cluster,
    zone: flags.zone,
    zones: flags.zones,
    count: flags.count,
    dryRun: flags.dryRun,
    changeReport: flags.changeReport,
    output: flags.output,
  },
  examples: [
    'haup add-replica -c demo --zone local-b',
    'haup add-replica -c demo --zones local-b,local-c',
    'haup add-replica -c demo --zone local-a --count 2 --dry-run',
  ],

  async run(call) {
    const { cluster, dryRun } = call.flags;
    const named = namedZones(call);
    if (named.length === 0) {
      const unheeded = call.flags.zones ? ` (${call.labels.zones} counts for new clusters)` : '';
      throw new UsageError(`--zone is missing: where shall the replica stand?${unheeded}`);
    }
    const zones = zonesToAdd(call, named);
    const engine = await call.engine();
    return finish(call, await engine.addReplicas({ cluster, zones, dryRun }));
  },
});
