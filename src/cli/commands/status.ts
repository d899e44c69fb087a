import { defineCommand } from '../command.ts';
import * as flags from '../flags.ts';
import { spelled } from '../output/remedy.ts';
import { serialize } from '../output/serialize.ts';
import { style } from '../output/style.ts';

export const status = defineCommand({
  name: 'status',
  summary: 'what is: replicas, etcd, the API address and its holder',
  operands: [],
  flags: { cluster: flags.cluster, watch: flags.watch, output: flags.output },
  examples: ['haup status -c demo', 'haup status -c demo --watch', 'haup status -c demo -o json | jq .etcd'],

  async run(call) {
    const { cluster, watch, output } = call.flags;
    const engine = await call.engine();
    const look = () => engine.status(cluster);
    if (watch) {
      const { watchStatus } = await import('../output/display/watch.ts');
      return watchStatus(call, look, output);
    }
    const seen = await look();
    call.settle();
    const { out } = call.world;
    const { renderStatus } = await import('../output/status.ts');
    const columns = out.isTTY ? out.columns : Number.POSITIVE_INFINITY;
    out.write(
      output === 'text'
        ? `${renderStatus(seen, style(out), columns, call.about.store).join('\n')}\n`
        : await serialize(spelled(seen, call.about), output),
    );
    return 0;
  },
});
