import { wrongClock } from '../../../util/text/clock-difference.ts';
import {
  isNodeName,
  type NodeMachine,
  nodeMachineOf,
  nodeObjectOf,
  type ObservedNode,
  stoppedParts,
} from '../../model/nodes.ts';
import type { Observation } from '../../model/observation.ts';
import { type ClusterSpec, wantedNode } from '../../model/spec.ts';
import { blindness } from '../health.ts';

/** A node in the answer of `haup status -o json`. */
export interface NodeStatus {
  readonly name: string;
  readonly zone: string;
  readonly internalIp: string | null;
  readonly externalIp: string | null;
  /** Null: not haup's. */
  readonly machine: 'running' | 'stopped' | 'missing' | null;
  /** As the API has it; `missing`: it has no such node; `unknown` also where the API does not answer. */
  readonly ready: 'ready' | 'unready' | 'unknown' | 'missing';
  /** `v1.37.1`; null before the kubelet has said it. */
  readonly version: string | null;
  readonly podCidr: string | null;
  /** No new pods come. */
  readonly cordoned: boolean;
  /** What is wrong, in its own words where it has some; null where nothing is. */
  readonly problem: string | null;
}

/** Of the spec, of the cloud, and of the API, also those that the user let join. Pure. */
export function nodeStatuses(spec: ClusterSpec, { nodes }: Observation): NodeStatus[] {
  const names = new Set([
    ...spec.nodes.map((node) => node.name),
    ...nodes.machines.map((machine) => machine.name),
    ...(nodes.objects ?? []).map((object) => object.name),
  ]);
  return [...names].map((name) => {
    const machine = nodeMachineOf(nodes, name);
    const object = nodeObjectOf(nodes, name);
    const ready = nodes.objects === null ? 'unknown' : (object?.ready ?? 'missing');
    return {
      name,
      zone: machine?.zone ?? object?.zone ?? wantedNode(spec, name)?.zone ?? '',
      internalIp: machine?.internalIp ?? object?.internalIp ?? null,
      externalIp: machine?.externalIp ?? null,
      machine: machine?.state ?? (wantedNode(spec, name) || isNodeName(spec, name) ? 'missing' : null),
      ready,
      version: object?.version ?? null,
      podCidr: object?.podCidr ?? null,
      cordoned: object?.cordoned ?? false,
      problem:
        ready === 'ready'
          ? problemOfParts(machine)
          : withClock(problemOf(spec, name, machine, object), machine),
    };
  });
}

/** What an operator should know of the nodes. Pure. */
export function nodeWarnings(
  spec: ClusterSpec,
  { nodes, remembered }: Observation,
  statuses: readonly NodeStatus[],
): string[] {
  if (nodes.objects === null) {
    return spec.nodes.length > 0 && remembered.bootstrapped
      ? ['the API does not answer, so nobody can say how the nodes are']
      : [];
  }
  return statuses.flatMap(({ name, problem }) => (problem ? [`${name}: ${problem}`] : []));
}

/** A wrong clock may be the reason, whatever a kubelet says of certificates or leases. */
function withClock(problem: string | null, machine: NodeMachine | undefined): string | null {
  const clock = wrongClock(machine?.inside?.clockAheadSeconds ?? 0);
  return [problem, clock].filter(isSaid).join('; ') || null;
}

function problemOf(
  spec: ClusterSpec,
  name: string,
  machine: NodeMachine | undefined,
  object: ObservedNode | undefined,
): string | null {
  if (!machine) return wantedNode(spec, name) && object ? 'its machine is gone' : (object?.problem ?? null);
  if (machine.state === 'stopped') return 'its machine is stopped';
  if (machine.lookFailure) return blindness(machine);
  if (!object) return null;
  if (machine.inside && !machine.inside.provisioned) return 'its disk has been emptied';
  const parts = problemOfParts(machine);
  const said = machine.inside?.kubelet === 'stopped' ? 'its kubelet does not run' : object.problem;
  return [said, parts].filter(isSaid).join('; ') || null;
}

/** A node is Ready without kube-proxy, though Services do not lead anywhere from it, and for a while without a container runtime. */
function problemOfParts(machine: NodeMachine | undefined): string | null {
  const parts = machine?.inside ? stoppedParts(machine.inside) : [];
  return parts.map((part) => `its ${part} does not run`).join('; ') || null;
}

function isSaid(words: string | null): words is string {
  return words !== null;
}
