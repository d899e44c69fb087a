import { defineCommand } from '../command.ts';
import * as flags from '../flags.ts';
import { nodeName } from '../input/values.ts';
import { finish } from '../output/finish.ts';
import { removalFrom } from '../removal.ts';

export const removeNode = defineCommand({
  name: 'remove-node',
  summary: 'remove nodes, by name or any one in a zone; their pods move first',
  details: `A node is cordoned, its pods are evicted as their disruption budgets allow, and then its machine is deleted. A drain that
does not end says which pod is in the way, and whose budget.`,
  operands: [
    { name: 'NAME', help: 'a node, as haup status names it', needed: false, many: true, parse: nodeName },
  ],
  flags: {
    cluster: flags.cluster,
    zone: flags.zone,
    count: flags.count,
    drainTimeout: flags.drainTimeout,
    force: flags.force,
    dryRun: flags.dryRun,
    changeReport: flags.changeReport,
    output: flags.output,
  },
  examples: ['haup remove-node -c demo demo-node-k2x', 'haup remove-node -c demo --zone local-b --count 2'],

  async run(call) {
    const { cluster, drainTimeout, force, dryRun } = call.flags;
    const removal = removalFrom(call, 'node');
    const engine = await call.engine();
    const drain = { force, timeoutSeconds: drainTimeout / 1000 };
    return finish(call, await engine.removeNodes({ cluster, dryRun, drain, ...removal }));
  },
});
