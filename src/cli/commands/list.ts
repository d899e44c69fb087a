import { defineCommand } from '../command.ts';
import * as flags from '../flags.ts';
import { serialize } from '../output/serialize.ts';
import { table } from '../output/table.ts';

export const list = defineCommand({
  name: 'list',
  summary: 'the clusters in the store',
  operands: [],
  flags: { output: flags.output },
  examples: ['haup list', 'haup list -o json'],

  async run(call) {
    const engine = await call.engine();
    const { clusters, unreadable } = await engine.list();
    call.settle();
    const { out, err } = call.world;
    if (call.flags.output !== 'text') {
      out.write(await serialize(clusters, call.flags.output));
    } else if (clusters.length === 0) {
      if (unreadable.length === 0) err.write('there is no cluster yet: haup create makes one\n');
    } else {
      const rows = clusters.map((c) => [
        c.name,
        c.provider,
        c.region,
        String(c.replicas),
        c.kubernetesVersion,
      ]);
      out.write(
        `${table([['CLUSTER', 'PROVIDER', 'REGION', 'REPLICAS', 'KUBERNETES'], ...rows]).join('\n')}\n`,
      );
    }
    if (unreadable[0]) throw unreadable[0];
    return 0;
  },
});
