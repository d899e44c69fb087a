import { defineCommand } from '../command.ts';
import * as flags from '../flags.ts';
import { homeOr } from '../home.ts';

export const kubeconfig = defineCommand({
  name: 'kubeconfig',
  summary: 'print the admin kubeconfig; --merge writes it into yours',
  operands: [],
  flags: { cluster: flags.cluster, merge: flags.merge, endpoint: flags.endpoint },
  examples: ['haup kubeconfig -c demo > demo.kubeconfig', 'haup kubeconfig -c demo --merge'],

  async run(call) {
    const { cluster, merge, endpoint } = call.flags;
    const { world } = call;
    const engine = await call.engine();
    const text = await engine.kubeconfig(cluster, { endpoint });
    call.settle();
    if (!merge) {
      world.out.write(text);
      return 0;
    }
    const { mergeInto, targetFile } = await import('../kubeconfig/merge.ts');
    const file = await targetFile(
      world.env.KUBECONFIG,
      world.env.KUBECONFIG ? '' : homeOr(world, 'KUBECONFIG'),
    );
    const context = await mergeInto(file, text);
    world.out.write(`${file}: the current context is ${context} now\n`);
    return 0;
  },
});
