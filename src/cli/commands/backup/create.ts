import { defineCommand } from '../../command.ts';
import * as flags from '../../flags.ts';
import { safe } from '../../output/safe.ts';
import { serialize } from '../../output/serialize.ts';
import { bytes } from './bytes.ts';

export const backupCreate = defineCommand({
  name: 'backup create',
  summary: 'take a backup of etcd now, besides those that are taken by themselves',
  operands: [],
  flags: { cluster: flags.cluster, output: flags.output },
  examples: ['haup backup create -c demo'],

  async run(call) {
    const { cluster, output } = call.flags;
    const engine = await call.engine();
    const taken = await engine.createBackup(cluster);
    call.settle();
    const { id, by, size, added } = taken;
    call.world.out.write(
      output === 'text'
        ? `${safe(id)}: ${bytes(size)} of etcd, taken by ${safe(by)} at ${taken.taken}; new of it were ${safe(added)}\n`
        : await serialize(taken, output),
    );
    return 0;
  },
});
