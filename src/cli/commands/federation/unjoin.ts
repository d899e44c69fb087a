import { defineCommand } from '../../command.ts';
import * as flags from '../../flags.ts';
import * as values from '../../input/values.ts';
import { renderMembership } from './membership.ts';

export const federationUnjoin = defineCommand({
  name: 'federation unjoin',
  summary: 'end the membership of a cluster',
  details: `What the federation put there stays, as the cluster’s own, unless --cascade is given. A member that is gone for good, and that the
federation does not see as Ready, is unjoined with --gone: nothing is done in it, and what stays in it is said.`,
  operands: [{ name: 'CLUSTER', help: 'the member', needed: true, parse: values.clusterName }],
  flags: {
    federation: flags.federation,
    context: flags.context,
    kubeconfig: flags.kubeconfigFile,
    cascade: flags.cascade,
    gone: flags.gone,
    dryRun: flags.dryRun,
    output: flags.output,
  },
  examples: [
    'haup federation unjoin eu',
    'haup federation unjoin eu --cascade',
    'haup federation unjoin eu --gone',
  ],

  async run(call) {
    const { federation, context, kubeconfig, cascade, gone, dryRun } = call.flags;
    const cluster = call.operands[0]!;
    const engine = await call.engine();
    const outcome = await engine.unjoinFederation({
      ...{ federation, cluster, context, kubeconfig, cascade, gone, dryRun },
    });
    return renderMembership(call, outcome, `${cluster} is no member of ${outcome.federation}`);
  },
});
