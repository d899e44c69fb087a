import { defineCommand } from '../command.ts';
import * as flags from '../flags.ts';
import { homeOr } from '../home.ts';
import type { Target } from '../kubeconfig/target.ts';
import { safe } from '../output/safe.ts';
import type { Surroundings } from '../surroundings.ts';

export const kubeconfig = defineCommand({
  name: 'kubeconfig',
  summary: 'print the admin kubeconfig; --merge writes it into yours',
  operands: [],
  flags: { cluster: flags.cluster, merge: flags.merge, endpoint: flags.endpoint },
  examples: ['haup kubeconfig -c demo --merge', 'KUBECONFIG=demo.kubeconfig haup kubeconfig -c demo --merge'],

  async run(call) {
    const { cluster, merge, endpoint } = call.flags;
    const { world } = call;
    // What cannot be merged into is said before anything slow is done.
    const target = merge ? await targetOf(world) : null;
    const engine = await call.engine();
    const text = await engine.kubeconfig(cluster, { endpoint });
    call.settle();
    if (!target) {
      world.out.write(text);
      return 0;
    }
    const { mergeInto } = await import('../kubeconfig/merge.ts');
    const { context, taken } = await mergeInto(target, text);
    world.out.write(`${safe(target.file)}: the current context is ${context} now\n`);
    if (taken)
      world.out.write(`  ${safe(taken)} is there already, and haup did not write it: it was left as it is\n`);
    return 0;
  },
});

async function targetOf(world: Surroundings): Promise<Target> {
  const { targetFile } = await import('../kubeconfig/target.ts');
  const variable = world.env.KUBECONFIG;
  return await targetFile(variable, variable ? '' : homeOr(world, 'KUBECONFIG'));
}
