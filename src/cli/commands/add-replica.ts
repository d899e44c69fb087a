import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import * as flags from '../flags.ts';
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
    output: flags.output,
  },
  examples: [
    'haup add-replica -c demo --zone local-b',
    'haup add-replica -c demo --zones local-b,local-c',
    'haup add-replica -c demo --zone local-a --count 2 --dry-run',
  ],

  async run(call) {
    const { cluster, zone, zones, count, dryRun } = call.flags;
    if (zones && call.sources.zone === 'flag') throw new UsageError('--zone and --zones: name one of them');
    const named = zones ?? (zone === undefined ? [] : [zone]);
    if (named.length === 0) throw new UsageError('--zone is missing: where shall the replica stand?');
    const wanted = count ?? named.length;
    if (wanted < named.length) {
      throw new UsageError(
        `${call.labels.count} ${wanted} is less than the ${named.length} zones of ${call.labels.zones}`,
      );
    }
    const each = Array.from({ length: wanted }, (_, index) => named[index % named.length]!);
    const engine = await call.engine();
    return finish(call, await engine.addReplicas({ cluster, zones: each, dryRun }));
  },
});
