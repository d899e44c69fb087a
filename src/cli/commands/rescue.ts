import { defineCommand } from '../command.ts';
import { confirmedByName } from '../confirm.ts';
import { UsageError } from '../errors.ts';
import * as flags from '../flags.ts';
import { finish } from '../output/finish.ts';
import { safe } from '../output/safe.ts';

export const rescue = defineCommand({
  name: 'rescue',
  summary: 'bring back a cluster whose etcd has lost its quorum',
  details: `If a majority can come back, its machines are started, nothing else is done, and nothing is lost. Otherwise the survivor that
has seen most becomes a cluster of one, after all others have been fenced, and grows back: what only the others knew is lost for
ever, so it asks, or needs --yes. Without a survivor a new machine gets the newest backup's data. API address and authorities stay. haup repair goes on with it after a crash.
See docs/runbooks/lost-quorum.md.`,
  operands: [],
  flags: {
    cluster: flags.cluster,
    fenced: flags.fenced,
    backup: flags.backup,
    yes: flags.yes,
    dryRun: flags.dryRun,
    changeReport: flags.changeReport,
    output: flags.output,
  },
  examples: [
    'haup rescue -c demo --dry-run',
    'haup rescue -c demo --yes',
    'haup rescue -c demo --backup 1f2e3d4c --yes',
    'haup rescue -c demo --fenced demo-master-k2x --fenced demo-master-x7p --yes',
  ],

  async run(call) {
    const { cluster, dryRun, yes, backup, fenced = [] } = call.flags;
    const engine = await call.engine();
    const outcome = await engine.rescue({ cluster, fenced, backup, dryRun, loses: yes });
    if (outcome.executed || dryRun || outcome.plan.blocked.length > 0) return finish(call, outcome);

    const [lost = ''] = outcome.plan.steps.flatMap(({ step }) => {
      if (step.kind === 'force-new-cluster') return [`what ${safe(step.replica)} does not know`];
      return step.kind === 'restore-etcd' ? [`what is not in the backup ${safe(step.backup)}`] : [];
    });
    const loss = outcome.plan.warnings.map((warning) => `${safe(warning)}\n`).join('');
    if (!call.world.interactive) {
      throw new UsageError(
        `--yes is missing: there is no terminal to ask on whether ${lost} may be lost for ever`,
      );
    }
    const question = `This gives up ${lost}.\n${loss}Type the name of the cluster to go on: `;
    if (!(await confirmedByName(call, cluster, question, 'changed'))) return 1;
    return finish(call, await engine.rescue({ cluster, fenced, backup, dryRun, loses: true }));
  },
});
