import { defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import * as flags from '../flags.ts';
import { finish } from '../output/finish.ts';

export const upgrade = defineCommand({
  name: 'upgrade',
  summary: 'another version of Kubernetes or etcd on the masters',
  details: `One replica at a time, out of the load balancer meanwhile, the etcd leader last; nobody is taken out unless the others can do
without. A patch release or the next minor. After a new minor the new programs behave like the old minor until --finalize, and
--rollback goes back. If the first replica does not come back well, it is put back, the others are not touched, and the exit code is
5. A new minor of etcd is a step of its own, without a way back. Where there are backups, one is taken first. See docs/upgrade.md.`,
  operands: [],
  flags: {
    cluster: flags.cluster,
    kubernetesVersion: flags.kubernetesVersion,
    etcdVersion: flags.etcdVersion,
    rollback: flags.rollback,
    finalize: flags.finalize,
    surge: flags.surge,
    withoutBackup: flags.withoutBackup,
    dryRun: flags.dryRun,
    changeReport: flags.changeReport,
    output: flags.output,
  },
  examples: [
    'haup upgrade -c demo --kubernetes-version 1.37 --dry-run',
    'haup upgrade -c demo --kubernetes-version v1.37.1',
    'haup upgrade -c demo --rollback',
    'haup upgrade -c demo --finalize',
    'haup upgrade -c demo --etcd-version v3.7.3',
  ],

  async run(call) {
    const { cluster, dryRun, kubernetesVersion, etcdVersion, rollback, finalize, surge, withoutBackup } =
      call.flags;
    const versions = kubernetesVersion !== undefined || etcdVersion !== undefined;
    const wishes = [versions, rollback, finalize].filter(Boolean).length;
    if (wishes === 0)
      throw new UsageError('--kubernetes-version or --etcd-version is missing, or --rollback, or --finalize');
    if (wishes > 1) throw new UsageError('a version, --rollback and --finalize are three different wishes');
    const to = rollback ? 'rollback' : finalize ? 'finalize' : { kubernetesVersion, etcdVersion };
    const engine = await call.engine();
    return finish(call, await engine.upgrade({ cluster, to, dryRun, surge, withoutBackup }));
  },
});
