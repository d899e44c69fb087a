import { DocumentFaults } from '../../cluster/model/errors.ts';
import { defineCommand } from '../command.ts';
import { confirmedByName } from '../confirm.ts';
import { UsageError } from '../errors.ts';
import * as flags from '../flags.ts';
import { finish } from '../output/finish.ts';
import { safe } from '../output/safe.ts';

export const apply = defineCommand({
  name: 'apply',
  summary: 'make the cluster what a document says',
  details: `How many replicas and nodes where, the balancer, versions, backups, and what is on the masters: arguments, feature gates, OIDC,
audit policy, admission, proxy. Replicas come before others leave, and are changed one at a time, as with haup upgrade. What the document does not
mention stays. It asks before a machine is removed, or needs --yes. All that is wrong with the document is said at once, with its
lines, before anything is touched. --dry-run shows what differs, and the plan. Applied twice, it does nothing. Without --cluster it is
about the cluster that the document names.
docs/cluster.schema.json says what may be in it.`,
  operands: [],
  flags: {
    cluster: flags.cluster,
    filename: flags.documentFile,
    surge: flags.surge,
    withoutBackup: flags.withoutBackup,
    yes: flags.yes,
    dryRun: flags.dryRun,
    changeReport: flags.changeReport,
    output: flags.output,
  },
  examples: ['haup apply -f demo.yaml --dry-run', 'haup apply -c demo -f demo.yaml'],

  async document({ filename }) {
    if (filename === undefined) return undefined;
    const { readDocumentFile } = await import('../input/document.ts');
    return readDocumentFile(filename);
  },

  async run(call) {
    const { cluster, dryRun, yes, surge, withoutBackup } = call.flags;
    const { document } = call;
    if (!document) throw new UsageError('--filename is missing: the document to apply');
    const engine = await call.engine();
    const applied = async (removes: boolean) => {
      try {
        return await engine.apply({
          cluster,
          document: document.value,
          removes,
          dryRun,
          surge,
          withoutBackup,
        });
      } catch (error) {
        throw error instanceof DocumentFaults ? document.say(error.faults) : error;
      }
    };
    const outcome = await applied(yes);
    if (outcome.executed || dryRun || yes || outcome.plan.blocked.length > 0) return finish(call, outcome);

    const leave = outcome.plan.steps.flatMap(({ step }) => {
      if (step.kind === 'delete-machine') return [safe(step.replica)];
      return step.kind === 'delete-node' ? [safe(step.node)] : [];
    });
    if (!call.world.interactive) {
      throw new UsageError(
        `--yes is missing: there is no terminal to ask on whether ${leave.join(', ')} may be removed`,
      );
    }
    const question = `This removes ${leave.join(', ')}.\nType the name of the cluster to go on: `;
    if (!(await confirmedByName(call, cluster, question, 'changed'))) return 1;
    return finish(call, await applied(true));
  },
});
