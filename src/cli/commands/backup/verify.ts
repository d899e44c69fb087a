import { defineCommand } from '../../command.ts';
import * as flags from '../../flags.ts';
import { safe } from '../../output/safe.ts';
import { serialize } from '../../output/serialize.ts';
import { counted } from '../../output/words.ts';

export const backupVerify = defineCommand({
  name: 'backup verify',
  summary: 'restore a backup for real, here and for a moment, and read everything in it',
  details:
    'etcd and an API server start from it in a folder of this machine that goes again; every object is read, every Secret decrypted ' +
    'with the keys that are sealed in the backup. It needs --store-identity, and touches nothing of the cluster.',
  operands: [],
  flags: { cluster: flags.cluster, backup: flags.backup, output: flags.output },
  examples: ['haup backup verify -c demo --store-identity ~/identity'],

  async run(call) {
    const { cluster, backup, output } = call.flags;
    const engine = await call.engine();
    const verified = await engine.verifyBackup({ cluster, backup });
    call.settle();
    const { objects, secrets } = verified;
    const { id, taken } = verified.backup;
    call.world.out.write(
      output === 'text'
        ? `${safe(id)} of ${taken} is good: ${counted(objects, 'object')} read, ${counted(secrets, 'Secret')} decrypted\n`
        : await serialize(verified, output),
    );
    return 0;
  },
});
