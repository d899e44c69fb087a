import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import * as flags from '../flags.ts';
import { nodeName } from '../input/values.ts';
import { finish } from '../output/finish.ts';

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
    output: flags.output,
  },
  examples: ['haup remove-node -c demo demo-node-k2x', 'haup remove-node -c demo --zone local-b --count 2'],

  async run(call) {
    const { cluster, zone, count, drainTimeout, force, dryRun } = call.flags;
    const names = [...new Set(call.operands)];
    if (names.length > 0 && (count !== undefined || call.sources.zone === 'flag')) {
      throw new UsageError('name the nodes, or say --zone and --count, not both');
    }
    if (names.length === 0 && zone === undefined && count === undefined) {
      throw new UsageError('which node? name it, or say --zone, or --count');
    }
    const engine = await call.engine();
    const what = names.length > 0 ? { names } : { zone, count: count ?? 1 };
    const drain = { force, timeoutSeconds: drainTimeout / 1000 };
    return finish(call, await engine.removeNodes({ cluster, dryRun, drain, ...what }));
  },
});
