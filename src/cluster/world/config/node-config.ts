import { localProviderId, type NodeConfig } from '../../../nodes/config.ts';
import { issueNode, type NodeIdentity, type NodePki } from '../../../nodes/pki.ts';
import { nodeMachineOf } from '../../model/nodes.ts';
import { wantedNode } from '../../model/spec.ts';
import { kubeletAuthorities } from '../keys.ts';
import type { Tools } from '../tools.ts';

export function nodeIdentity(t: Tools, name: string): NodeIdentity {
  const { spec } = t.memory;
  return {
    cluster: spec.name,
    name,
    internalIp: machineOf(t, name).internalIp,
    apiAddress: t.seen().address!.ip,
    apiPort: spec.apiPort,
  };
}

/** New, by the authorities as they are now. */
export async function nodePki(t: Tools, name: string): Promise<NodePki> {
  const kubelets = await kubeletAuthorities(t.secrets, t.memory.spec);
  return issueNode(nodeIdentity(t, name), await t.authorities(), kubelets);
}

/** All that is put on a node. */
export async function nodeConfig(t: Tools, name: string, pki: NodePki): Promise<NodeConfig> {
  const { spec } = t.memory;
  const zone = wantedNode(spec, name)?.zone ?? machineOf(t, name).zone;
  return {
    ...nodeIdentity(t, name),
    uid: spec.uid,
    region: spec.region,
    zone,
    instanceType: spec.settings.nodeMachineType ?? spec.settings.machineType ?? null,
    providerId: (await t.provider.machines.providerId?.(name)) ?? localProviderId(spec.uid, zone, name),
    serviceCidr: spec.serviceCidr,
    clusterCidr: spec.clusterCidr,
    routedCidrs: [],
    serviceAddresses: (await t.provider.services?.range()) ?? null,
    kubernetesVersion: spec.kubernetesVersion,
    binaries: await t.nodeBinaries(),
    cni: spec.cni,
    labels: spec.nodeLabels,
    taints: spec.nodeTaints,
    pki,
  };
}

function machineOf(t: Tools, name: string) {
  const machine = nodeMachineOf(t.seen().nodes, name);
  if (!machine) throw new Error(`the machine ${name} is not there`);
  return machine;
}
