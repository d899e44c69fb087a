import { defineCommand } from '../command.ts';
import * as flags from '../flags.ts';
import { serialize } from '../output/serialize.ts';

export const configShow = defineCommand({
  name: 'config show',
  summary: 'print what the masters are as the document that haup apply takes',
  operands: [],
  flags: { cluster: flags.cluster, output: flags.output },
  examples: ['haup config show -c demo > demo.yaml'],

  async run(call) {
    const { cluster, output } = call.flags;
    const engine = await call.engine();
    const document = await engine.configOf(cluster);
    call.settle();
    call.world.out.write(await serialize(document, output === 'json' ? 'json' : 'yaml'));
    return 0;
  },
});
