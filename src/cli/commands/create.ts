import { defineCommand } from '../command.ts';
import * as flags from '../flags.ts';
import { finish } from '../output/finish.ts';
import { zonesFor } from '../zones.ts';

export const create = defineCommand({
  name: 'create',
  summary: 'make the first master (and more, with --replicas or --zones)',
  details: `KUBE_REPLICATE_EXISTING_MASTER=true haup create adds a replica in --zone to a cluster that exists, as kube-up did.`,
  operands: [],
  flags: {
    cluster: flags.cluster,
    provider: flags.provider,
    zone: flags.zone,
    zones: flags.zones,
    replicas: flags.replicas,
    multizone: flags.multizone,
    region: flags.region,
    balancer: flags.balancer,
    kubernetesVersion: flags.kubernetesVersion,
    etcdVersion: flags.etcdVersion,
    apiPort: flags.apiPort,
    project: flags.project,
    machineType: flags.machineType,
    diskSize: flags.diskSize,
    diskType: flags.diskType,
    image: flags.image,
    network: flags.network,
    subnets: flags.subnets,
    allowFrom: flags.allowFrom,
    sshFrom: flags.sshFrom,
    etcdQuorumRead: flags.etcdQuorumRead,
    dryRun: flags.dryRun,
    output: flags.output,
  },
  examples: [
    'haup create -c demo',
    'haup create -c demo --multizone --zones local-a,local-b,local-c',
    'MULTIZONE=true KUBE_GCE_ZONE=europe-west1-b haup create --provider gce',
  ],

  async run(call) {
    const { flags: given, world } = call;
    if (!given.etcdQuorumRead) {
      call.emit({
        type: 'warning',
        message: 'the etcd-quorum-read switch has no effect: API servers always read linearizably today',
      });
    }
    const zones = zonesFor(given, call.sources);
    const engine = await call.engine();
    const again = world.env.KUBE_REPLICATE_EXISTING_MASTER === 'true';
    const outcome = again
      ? await engine.addReplicas({ cluster: given.cluster, zones, dryRun: given.dryRun })
      : await engine.create({
          name: given.cluster,
          provider: given.provider,
          zones,
          region: given.region,
          multizone: given.multizone,
          kubernetesVersion: given.kubernetesVersion,
          etcdVersion: given.etcdVersion,
          apiPort: given.apiPort,
          balancer: given.balancer,
          settings: {
            project: given.project,
            machineType: given.machineType,
            diskSizeGb: given.diskSize,
            diskType: given.diskType,
            image: given.image,
            network: given.network,
            subnets: given.subnets,
            allowFrom: given.allowFrom,
            sshFrom: given.sshFrom,
          },
          dryRun: given.dryRun,
        });
    return finish(call, outcome);
  },
});
