import {
  isNodeName,
  type NodeMachine,
  nodeMachineOf,
  nodeObjectOf,
  type ObservedNode,
  stoppedParts,
} from '../../model/nodes.ts';
import type { NodeSpec } from '../../model/spec.ts';
import { type Blocked, type Decision, type DrainPolicy, defaultDrain, nothingToDo } from '../decision.ts';
import type { Step } from '../steps/index.ts';
import { isServing, type View } from '../view.ts';

/** One node's name, with everything that is known under it. */
export interface Node {
  readonly name: string;
  readonly machine: NodeMachine | undefined;
  /** Undefined where there is none, and where the API could not be asked. */
  readonly object: ObservedNode | undefined;
}

/** Machines that run pods: they come, join, and leave when their pods have moved. */
export function keepNodes(v: View): Decision {
  const coming = v.spec.nodes.flatMap((node) => prepare(v, node));
  const services = leadServices(v);
  const leaving = leave(v);
  return { steps: [...coming, ...services, ...leaving.steps], blocked: leaving.blocked };
}

function prepare(v: View, { name, zone }: NodeSpec): Step[] {
  const { machine, object } = nodeOf(v, name);
  if (!machine) return isNew(v, name) ? [{ kind: 'create-node', node: name, zone }] : [];
  const may = isNew(v, name) || v.policy.revive;
  if (machine.state === 'stopped') return may ? [{ kind: 'start-node', node: name }] : [];
  const { inside } = machine;
  if (isNew(v, name) && !inside?.provisioned) return v.observation.address ? [provision(name)] : [];
  if (!inside) return [];
  if (!inside.provisioned) return v.policy.revive ? [provision(name)] : [];
  if (!isApiThere(v)) return [];
  if (!object) return [join(name)];
  // What was cut off in the middle may lack images.
  if (inside.kubelet === 'disabled' || inside.joining) return [join(name)];
  const runs = inside.kubelet === 'running';
  if (v.policy.revive && (!runs || stoppedParts(inside).length > 0)) return [join(name)];
  if (!runs) return [];
  const way = route(v, name, object);
  return way.length > 0 ? way : connect(v, name, object, inside.podCidr);
}

function route(v: View, node: string, { podCidr }: ObservedNode): Step[] {
  if (podCidr === null || v.spec.cni === 'none') return [];
  const { routes } = v.observation.nodes;
  const routed = routes?.some((each) => each.destination === podCidr && each.machine === node) ?? true;
  return routed ? [] : [{ kind: 'route-pods', node, podCidr }];
}

/** The route comes first: no pod may start whose answers would get lost. */
function connect(v: View, node: string, { podCidr }: ObservedNode, connected: string | null): Step[] {
  if (podCidr === null || v.spec.cni === 'none' || connected === podCidr) return [];
  return [{ kind: 'connect-pods', node, podCidr }];
}

/** Services' external addresses lead to what has joined; from a leaver they are taken before it is drained. */
function leadServices(v: View): Step[] {
  const { serviceNodes, objects, machines } = v.observation.nodes;
  if (serviceNodes === null || objects === null) return [];
  const able = v.spec.nodes
    .map(({ name }) => nodeOf(v, name))
    .filter(({ machine, object }) => object && isAtWork(machine))
    .map(({ name }) => name);
  // A node that is down for a while stays: the provider steers around it.
  const staying = serviceNodes.filter(
    (name) => v.spec.nodes.some((node) => node.name === name) && machines.some((m) => m.name === name),
  );
  const nodes = [...new Set([...able, ...staying])].sort();
  return nodes.join() === [...serviceNodes].sort().join() ? [] : [{ kind: 'set-service-nodes', nodes }];
}

/** A node that still joins has no rules for Services yet. */
function isAtWork(machine: NodeMachine | undefined): boolean {
  return machine?.inside?.kubelet === 'running' && !machine.inside.joining;
}

/** Those that nobody wants any more: drained, then deleted, then forgotten by the API. */
function leave(v: View): Decision {
  const orphans = orphansOf(v);
  if (orphans.length === 0) return nothingToDo;
  const { objects } = v.observation.nodes;
  // Whether pods run on a machine, only the API can say.
  if (objects === null && v.observation.remembered.bootstrapped) return unknown(v, orphans);
  const coming = v.spec.nodes.filter(({ name }) => isComing(v, name));
  if (coming.length > 0) return { steps: [], blocked: [stays(v, orphans, coming)] };
  return { steps: orphans.flatMap((orphan) => nextOf(v, orphan) ?? []), blocked: [] };
}

function nextOf(v: View, { name, machine, object }: Node): Step | undefined {
  if (v.observation.nodes.serviceNodes?.includes(name)) return undefined;
  if (!machine) return { kind: 'forget-node', node: name };
  const drain = v.policy.drain ?? defaultDrain;
  if (object && mustBeDrained(machine, object, drain)) return { kind: 'drain-node', node: name, ...drain };
  return { kind: 'delete-node', node: name };
}

function mustBeDrained(machine: NodeMachine, object: ObservedNode, { force }: DrainPolicy): boolean {
  if (object.cordoned && object.podsToMove === 0) return false;
  if (isDead(machine, object)) return false;
  // Nobody would hear that its pods are to end: who does not want to wait for that has them end with the machine.
  return !(force && object.ready === 'unknown');
}

/**
 * No pod runs on it that a drain could end. A node that is not ready is not dead: its pods run on while its kubelet is silent, or says
 * itself that something is amiss.
 */
function isDead({ state, inside }: NodeMachine, { ready }: ObservedNode): boolean {
  if (state === 'stopped') return true;
  return inside ? !inside.provisioned && ready !== 'ready' : ready === 'unknown';
}

function stays({ spec }: View, orphans: readonly Node[], coming: readonly NodeSpec[]): Blocked {
  const come = coming.length > 1 ? 'have joined and are ready' : 'has joined and is ready';
  return {
    message: `${namesOf(orphans)} stays until ${namesOf(coming)} ${come}`,
    advice: { to: 'go on with that', command: 'repair', cluster: spec.name },
    passing: true,
  };
}

function namesOf(list: readonly { readonly name: string }[]): string {
  return list.map(({ name }) => name).join(', ');
}

function unknown(v: View, orphans: readonly Node[]): Decision {
  const names = namesOf(orphans);
  return {
    steps: [],
    blocked: [
      {
        message: `the API of ${v.spec.name} does not answer, so nobody can say which pods run on ${names}`,
        advice: { to: 'bring the API back first', command: 'repair', cluster: v.spec.name },
        passing: true,
      },
    ],
  };
}

/**
 * Machines of the role that the spec does not name, and Node objects that are left of such. Others' nodes are none of ours, nor is a Node
 * object with the name of a master: to forget it would be to delete that.
 */
function orphansOf(v: View): Node[] {
  const { machines, objects } = v.observation.nodes;
  const masters = [...v.replicas, ...v.orphans].map(({ name }) => name);
  const names = new Set([
    ...machines.map((machine) => machine.name),
    ...(objects ?? [])
      .map((object) => object.name)
      .filter((name) => isNodeName(v.spec, name) && !masters.includes(name)),
  ]);
  return [...names]
    .filter((name) => !v.spec.nodes.some((node) => node.name === name))
    .map((name) => nodeOf(v, name));
}

/** Certainly never joined. Never guessed: while the API cannot be asked, a machine that is missing may have been lost. */
function isNew(v: View, name: string): boolean {
  if (!v.observation.remembered.bootstrapped) return true;
  const { objects } = v.observation.nodes;
  return objects !== null && !nodeObjectOf(v.observation.nodes, name);
}

/** A newcomer that has yet to become ready: who leaves for it waits. Where somebody else connects pods, nothing tells when that is. */
function isComing(v: View, name: string): boolean {
  const { machine, object } = nodeOf(v, name);
  if (isNew(v, name) || machine?.inside?.joining) return true;
  // Where nobody can look: no pod has come to it, so that it has not been ready for long.
  if (machine && !machine.inside && object?.ready !== 'ready' && object?.podsToMove === 0) return true;
  return (
    v.spec.cni !== 'none' &&
    object?.ready !== 'ready' &&
    machine?.inside?.kubelet === 'running' &&
    object?.podCidr !== machine.inside.podCidr
  );
}

/** At its address, where kubelets will ask for it. */
function isApiThere(v: View): boolean {
  const { address } = v.observation;
  if (!address || address.holder.kind === 'nobody') return false;
  return v.observation.nodes.objects !== null && v.replicas.some(isServing);
}

function nodeOf({ observation: { nodes } }: View, name: string): Node {
  return { name, machine: nodeMachineOf(nodes, name), object: nodeObjectOf(nodes, name) };
}

function provision(node: string): Step {
  return { kind: 'provision-node', node };
}

function join(node: string): Step {
  return { kind: 'join-node', node };
}
