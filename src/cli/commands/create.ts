import { type Call, defineCommand } from '../command.ts';
import * as flags from '../flags.ts';
import { nodeZonesFor, zonesFor, zonesToReplicate } from '../input/zones.ts';
import { finish } from '../output/finish.ts';
import { backupWish } from './backup/wish.ts';
import {
  backupFlags,
  machineSettings,
  machinesFlags,
  mastersFlags,
  namingSettings,
  newMasters,
} from './new-masters.ts';

const createFlags = {
  cluster: flags.cluster,
  ...mastersFlags,
  nodes: flags.nodes,
  nodeZones: flags.nodeZones,
  nodeMachineType: flags.nodeMachineType,
  nodeDiskSize: flags.nodeDiskSize,
  clusterCidr: flags.clusterCidr,
  serviceCidr: flags.serviceCidr,
  cni: flags.cni,
  images: flags.images,
  nodeLabels: flags.nodeLabels,
  nodeTaints: flags.nodeTaints,
  addons: flags.addons,
  requestTimeout: flags.requestTimeout,
  ...machinesFlags,
  etcdQuorumRead: flags.etcdQuorumRead,
  replicateExistingMaster: flags.replicateExistingMaster,
  ...backupFlags,
  dryRun: flags.dryRun,
  changeReport: flags.changeReport,
  output: flags.output,
};

export const create = defineCommand({
  name: 'create',
  summary: 'make the first master (and more, with --replicas or --zones), and nodes, with --nodes',
  details: `KUBE_REPLICATE_EXISTING_MASTER=true haup create adds a replica in --zone to a cluster that exists, as kube-up did.`,
  operands: [],
  flags: createFlags,
  examples: [
    'haup create -c demo',
    'haup create -c demo --multizone --zones local-a,local-b,local-c',
    'haup create -c demo --nodes 2',
    'MULTIZONE=true KUBE_GCE_ZONE=europe-west1-b haup create --provider gce',
  ],
  run: createOrReplicate,
});

export const kubeUp = defineCommand({
  name: 'kube-up',
  summary: 'what kube-up did for masters: haup create, on gce unless told otherwise',
  details: `scripts/kube-up.sh calls it. It takes kube-up's variables unchanged.`,
  operands: [],
  flags: { ...createFlags, provider: flags.kubeUpProvider, nodes: flags.kubeUpNodes },
  examples: [
    'MULTIZONE=true KUBE_GCE_ZONE=europe-west1-b haup kube-up',
    'KUBE_REPLICATE_EXISTING_MASTER=true KUBE_GCE_ZONE=europe-west1-c haup kube-up',
  ],
  run: createOrReplicate,
});

async function createOrReplicate(call: Call<typeof createFlags>): Promise<number> {
  const { flags: given, labels } = call;
  if (!given.etcdQuorumRead) {
    call.emit({
      type: 'warning',
      message: 'the etcd-quorum-read switch has no effect: API servers always read linearizably today',
    });
  }
  const zones = (given.replicateExistingMaster ? zonesToReplicate : zonesFor)(given, call.sources, labels);
  const engine = await call.engine();
  if (given.replicateExistingMaster) {
    return finish(call, await engine.addReplicas({ cluster: given.cluster, zones, dryRun: given.dryRun }));
  }
  const addons = given.addons ? await readAddons(given.addons) : [];
  const outcome = await namingSettings(labels, () =>
    engine.create({
      name: given.cluster,
      ...newMasters(given),
      zones,
      requestTimeoutSeconds: given.requestTimeout / 1000,
      nodeZones: nodeZonesFor(given.nodes, given.nodeZones, zones),
      clusterCidr: given.clusterCidr,
      serviceCidr: given.serviceCidr,
      cni: given.cni,
      images: given.images ?? [],
      addons,
      nodeLabels: Object.fromEntries(given.nodeLabels ?? []),
      nodeTaints: given.nodeTaints ?? [],
      settings: {
        ...machineSettings(given),
        nodeMachineType: given.nodeMachineType,
        nodeDiskSizeGb: given.nodeDiskSize,
      },
      backup: backupWish(given),
      dryRun: given.dryRun,
    }),
  );
  return finish(call, outcome);
}

/** What reads manifests is loaded for who has some. */
async function readAddons(folders: readonly string[]) {
  const { userAddon } = await import('../../addons/addons.ts');
  return folders.map(userAddon);
}
