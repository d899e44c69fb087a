import { defineCommand } from '../../command.ts';
import * as flags from '../../flags.ts';
import { safe } from '../../output/safe.ts';
import { serialize } from '../../output/serialize.ts';
import { table } from '../../output/table.ts';
import { spokenDuration } from '../../output/time.ts';
import { bytes } from './bytes.ts';

export const backupList = defineCommand({
  name: 'backup list',
  summary: 'the backups in the repository, the newest first',
  operands: [],
  flags: { cluster: flags.cluster, output: flags.output },
  examples: ['haup backup list -c demo', "haup backup list -c demo -o json | jq -r '.[0].id'"],

  async run(call) {
    const { cluster, output } = call.flags;
    const engine = await call.engine();
    const backups = await engine.backups(cluster);
    call.settle();
    const { out } = call.world;
    if (output !== 'text') {
      out.write(await serialize(backups, output));
      return 0;
    }
    const now = Date.now();
    const rows = backups.map(({ id, taken, by, size, keys, verified }) => [
      safe(id),
      taken,
      `${spokenDuration(now - Date.parse(taken))} ago`,
      bytes(size),
      String(keys),
      safe(by),
      verified ?? 'never',
    ]);
    out.write(
      rows.length === 0
        ? 'no backups yet\n'
        : `${table([['ID', 'TAKEN', 'AGE', 'SIZE', 'KEYS', 'BY', 'VERIFIED'], ...rows]).join('\n')}\n`,
    );
    return 0;
  },
});
