import { defineCommand } from '../command.ts';
import * as flags from '../flags.ts';
import { finish } from '../output/finish.ts';

export const renew = defineCommand({
  name: 'renew',
  summary: 'renew certificates on the replicas and the nodes',
  details: `Renews each certificate of which less than a third of its life is left, as every command that changes something does
after its change, and as repair does. One replica at a time, over SSH alone; the API server and etcd take theirs up while they run.
Then the nodes: the kubelet's for serving, and kube-proxy's. Pods run on.`,
  operands: [],
  flags: {
    cluster: flags.cluster,
    all: flags.allCertificates,
    dryRun: flags.dryRun,
    changeReport: flags.changeReport,
    output: flags.output,
  },
  examples: ['haup renew -c demo', 'haup renew -c demo --all'],

  async run(call) {
    const { cluster, all, dryRun } = call.flags;
    const engine = await call.engine();
    return finish(call, await engine.renew({ cluster, all, dryRun }));
  },
});
