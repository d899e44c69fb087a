import { type Call, defineCommand } from '../command.ts';
import { confirmedByName } from '../confirm.ts';
import { UsageError } from '../errors.ts';
import * as flags from '../flags.ts';
import { finish } from '../output/finish.ts';
import { safe } from '../output/safe.ts';

const deleteFlags = {
  cluster: flags.cluster,
  yes: flags.yes,
  dryRun: flags.dryRun,
  changeReport: flags.changeReport,
  output: flags.output,
};

export const deleteCluster = defineCommand({
  name: 'delete',
  summary: 'delete the whole cluster; nothing is left behind',
  operands: [],
  flags: deleteFlags,
  examples: ['haup delete -c demo', 'haup delete -c demo --yes'],
  run: deleteAsked,
});

/** @throws UsageError where nobody can be asked. */
export function mustAsk({ flags: { yes, dryRun }, world }: Call<typeof deleteFlags>): boolean {
  const ask = !yes && !dryRun;
  if (ask && !world.interactive) {
    throw new UsageError('--yes is missing: there is no terminal to ask on whether to delete');
  }
  return ask;
}

/** Deletes the cluster, unless whoever is asked does not confirm it. */
export async function deleteAsked(call: Call<typeof deleteFlags>): Promise<number> {
  const { cluster, dryRun } = call.flags;
  const ask = mustAsk(call);
  const engine = await call.engine();
  if (ask) {
    const plan = await engine.delete({ cluster, dryRun: true });
    const machines = plan.plan.steps.flatMap(({ step }) =>
      step.kind === 'delete-machine' ? [safe(step.replica)] : [],
    );
    const question = `This deletes the cluster ${cluster} with all its data (${machines.join(', ') || 'no machine'}).\nType its name to go on: `;
    if (!(await confirmedByName(call, cluster, question, 'deleted'))) return 1;
  }
  return finish(call, await engine.delete({ cluster, dryRun }));
}
