import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import * as flags from '../flags.ts';
import { filePath } from '../input/values.ts';
import { finish } from '../output/finish.ts';

export const setAddons = defineCommand({
  name: 'set-addons',
  summary: 'make these folders of manifests what the masters keep in the cluster, beside haup’s own',
  details: `What --addons said when the cluster was made is replaced as a whole: name all folders that are to be kept, or --none.
Objects that are in none of them any more are deleted.`,
  operands: [{ name: 'DIR', help: 'a folder of manifests', needed: false, many: true, parse: filePath }],
  flags: {
    cluster: flags.cluster,
    none: flags.noAddons,
    dryRun: flags.dryRun,
    changeReport: flags.changeReport,
    output: flags.output,
  },
  examples: ['haup set-addons -c demo --none'],

  async run(call) {
    const { cluster, none, dryRun } = call.flags;
    if (call.operands.length > 0 === none) throw new UsageError('name the folders, or say --none');
    const { userAddon } = await import('../../addons/addons.ts');
    const addons = call.operands.map(userAddon);
    const engine = await call.engine();
    return finish(call, await engine.setAddons({ cluster, addons, dryRun }));
  },
});
