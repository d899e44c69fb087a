import { defineCommand } from '../../command.ts';
import * as flags from '../../flags.ts';
import * as values from '../../input/values.ts';
import { renderMembership } from './membership.ts';

export const federationJoin = defineCommand({
  name: 'federation join',
  summary: 'make a cluster a member of a federation',
  details: `CLUSTER is one of haup's, or with --context any other, and what it is called in the federation. The federation gets an account
in it that may keep the kinds that are federated, and nothing else. Done again it puts right what is missing, and renews its token.`,
  operands: [{ name: 'CLUSTER', help: 'the cluster', needed: true, parse: values.clusterName }],
  flags: {
    federation: flags.federation,
    context: flags.context,
    kubeconfig: flags.kubeconfigFile,
    region: flags.memberRegion,
    zone: flags.memberZone,
    dryRun: flags.dryRun,
    output: flags.output,
  },
  examples: [
    'haup federation join eu',
    'haup federation join us --federation world --context arn:us --region us-east --zone us-east-1',
  ],

  async run(call) {
    const { federation, context, kubeconfig, region, zone, dryRun } = call.flags;
    const cluster = call.operands[0]!;
    const engine = await call.engine();
    const outcome = await engine.joinFederation({
      ...{ federation, cluster, context, kubeconfig, region, zone, dryRun },
    });
    return renderMembership(call, outcome, `${cluster} is a member of ${outcome.federation}`);
  },
});
