import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import * as flags from '../flags.ts';
import { finish } from '../output/finish.ts';

export const addNode = defineCommand({
  name: 'add-node',
  summary: 'add nodes, which run pods',
  details: `Without --zone a node stands where the cluster's first replica was made.`,
  operands: [],
  flags: {
    cluster: flags.cluster,
    zone: flags.zone,
    zones: flags.zones,
    count: flags.count,
    dryRun: flags.dryRun,
    output: flags.output,
  },
  examples: ['haup add-node -c demo', 'haup add-node -c demo --zones local-a,local-b --count 4'],

  async run(call) {
    const { cluster, zone, zones, count, dryRun } = call.flags;
    if (zones && call.sources.zone === 'flag') throw new UsageError('--zone and --zones: name one of them');
    const named = zones ?? (zone === undefined ? [] : [zone]);
    const wanted = count ?? Math.max(1, named.length);
    if (wanted < named.length) {
      throw new UsageError(
        `${call.labels.count} ${wanted} is less than the ${named.length} zones of ${call.labels.zones}`,
      );
    }
    const each = Array.from({ length: wanted }, (_, index) => named[index % named.length] ?? null);
    const engine = await call.engine();
    return finish(call, await engine.addNodes({ cluster, zones: each, dryRun }));
  },
});
