import { defineCommand } from '../command.ts';
import * as flags from '../flags.ts';
import { nodeName } from '../input/values.ts';
import { finish } from '../output/finish.ts';

export const replaceNode = defineCommand({
  name: 'replace-node',
  summary: 'replace nodes by new ones in the same zones',
  details: `A successor is ready before its predecessor is drained.`,
  operands: [
    { name: 'NAME', help: 'a node, as haup status names it', needed: true, many: true, parse: nodeName },
  ],
  flags: {
    cluster: flags.cluster,
    drainTimeout: flags.drainTimeout,
    force: flags.force,
    dryRun: flags.dryRun,
    changeReport: flags.changeReport,
    output: flags.output,
  },
  examples: ['haup replace-node -c demo demo-node-k2x'],

  async run(call) {
    const { cluster, drainTimeout, force, dryRun } = call.flags;
    const names = [...new Set(call.operands)];
    const engine = await call.engine();
    const drain = { force, timeoutSeconds: drainTimeout / 1000 };
    return finish(call, await engine.replaceNodes({ cluster, names, drain, dryRun }));
  },
});
