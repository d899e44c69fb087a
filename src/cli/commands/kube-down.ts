import { Refusal } from '../../cluster/model/errors.ts';
import { type Call, defineCommand } from '../command.ts';
import { UsageError } from '../errors.ts';
import * as flags from '../flags.ts';
import { defaultZone } from '../input/zones.ts';
import { finish } from '../output/finish.ts';
import { deleteAsked, mustAsk } from './delete.ts';

const kubeDownFlags = {
  cluster: flags.cluster,
  provider: flags.kubeUpProvider,
  zone: flags.zone,
  deleteNodes: flags.deleteNodes,
  replicaName: flags.replicaName,
  yes: flags.yes,
  dryRun: flags.dryRun,
  changeReport: flags.changeReport,
  output: flags.output,
};

export const kubeDown = defineCommand({
  name: 'kube-down',
  summary: 'what kube-down did for masters: removes one, or deletes the cluster when one is left',
  details: `scripts/kube-down.sh calls it, with --yes. It takes kube-down's variables unchanged.`,
  operands: [],
  flags: kubeDownFlags,
  examples: [
    'KUBE_DELETE_NODES=false KUBE_GCE_ZONE=europe-west1-c haup kube-down',
    'KUBE_DELETE_NODES=false KUBE_REPLICA_NAME=kubernetes-master-k2x haup kube-down',
    'haup kube-down -c demo --yes',
  ],

  async run(call) {
    const { cluster, provider, zone, deleteNodes, replicaName, dryRun } = call.flags;
    if (!deleteNodes) {
      const what =
        replicaName === undefined
          ? { zone: zone ?? defaultZone({ provider, region: undefined }), count: 1 }
          : { names: [replicaName] };
      const engine = await call.engine();
      return finish(call, await engine.removeReplicas({ cluster, dryRun, ...what }));
    }
    if (replicaName !== undefined) refuseName(call);
    mustAsk(call); // before anything is looked at
    await refuseMany(call);
    return deleteAsked(call);
  },
});

/** Who names a replica does not mean the whole cluster. */
function refuseName({ flags: { replicaName }, labels, sources }: Call<typeof kubeDownFlags>): never {
  const name = sources.deleteNodes === 'default' ? 'KUBE_DELETE_NODES' : labels.deleteNodes;
  throw new UsageError(
    `${labels.replicaName} names the replica ${replicaName}, but the whole cluster would be deleted; ` +
      `to remove that replica alone, set ${name} to false`,
  );
}

async function refuseMany({ flags: { cluster }, engine }: Call<typeof kubeDownFlags>): Promise<void> {
  const { clusters } = await (await engine()).list();
  const replicas = clusters.find((one) => one.name === cluster)?.replicas ?? 0;
  if (replicas < 2) return;
  throw new Refusal(
    `${cluster} has ${replicas} master replicas; kube-down deletes a cluster only when one is left`,
    `remove one with KUBE_DELETE_NODES=false and KUBE_GCE_ZONE or KUBE_REPLICA_NAME, or all of it with: haup delete -c ${cluster}`,
  );
}
