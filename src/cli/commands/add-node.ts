import { defineCommand } from '../command.ts';
import * as flags from '../flags.ts';
import { namedZones, zonesToAdd } from '../input/zones.ts';
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
    changeReport: flags.changeReport,
    output: flags.output,
  },
  examples: ['haup add-node -c demo', 'haup add-node -c demo --zones local-a,local-b --count 4'],

  async run(call) {
    const { cluster, dryRun } = call.flags;
    const named = namedZones(call);
    const zones = zonesToAdd(call, named.length > 0 ? named : [null]);
    const engine = await call.engine();
    return finish(call, await engine.addNodes({ cluster, zones, dryRun }));
  },
});
