/** What `haup apply` makes of a spec. Pure, but for the names that newcomers get. */
import { Failure } from '../../util/failure.ts';
import { byZone, type ClusterDocument, FIXED } from '../model/document.ts';
import { type Fault, InputError } from '../model/errors.ts';
import type { Observation } from '../model/observation.ts';
import { type ClusterSpec, type Revisable, revisable, writtenShape } from '../model/spec.ts';
import { withNodes, withoutNodes } from './nodes/node-changes.ts';
import { chooseReplicas, type NameMaker, withReplicas } from './spec-changes.ts';
import { upgraded } from './upgrade.ts';

export interface Named {
  readonly replica: NameMaker;
  readonly node: NameMaker;
}

/** The spec that the document wants, without the change of the replicas; and what is to be on those. */
export interface Wished {
  readonly spec: ClusterSpec;
  readonly revisable: Revisable;
  /** All that is wrong with it: then the rest is of no use. */
  readonly faults: readonly Fault[];
}

/** @param document what it says is well formed. */
export function wished(
  present: ClusterSpec,
  observation: Observation,
  document: ClusterDocument,
  names: Named,
): Wished {
  const faults: Fault[] = [];
  const attempt = <T>(path: Fault['path'], otherwise: T, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      faults.push({ path, message: error.message, cause: error });
      return otherwise;
    }
  };
  if (document.cluster !== undefined && document.cluster !== present.name) {
    const message = `the document is about ${document.cluster}, not about ${present.name}`;
    faults.push({ path: ['cluster'], message });
  }
  for (const key of FIXED) {
    const [is, was] = [document[key], present[key]];
    if (is !== undefined && is !== was)
      faults.push({ path: [key], message: `is ${was} since the cluster was made, and stays so` });
  }
  const settled = settle(present, document);
  const masters = attempt(['replicas'], settled, () => withMasters(settled, observation, document, names));
  const spec = attempt(['nodes', 'zones'], masters, () => withWorkers(masters, observation, document, names));
  const onReplicas = attempt(['kubernetesVersion'], revisable(present), () => revision(present, document));
  for (const component of ['apiServer', 'controllerManager', 'scheduler'] as const) {
    const gates = Object.keys(onReplicas.featureGates?.[component] ?? {}).length > 0;
    if (gates && onReplicas.extraArguments?.[component]?.['feature-gates'] !== undefined) {
      const path = ['extraArguments', component, 'feature-gates'];
      faults.push({ path, message: 'featureGates says something, too: keep one of them' });
    }
  }
  return { spec, revisable: onReplicas, faults };
}

/** Other machines of it are made, or some leave, by name. */
export function comings(before: ClusterSpec, after: ClusterSpec) {
  const all = ({ replicas, nodes }: ClusterSpec) => [...replicas, ...nodes].map(({ name }) => name);
  const [was, is] = [all(before), all(after)];
  return {
    come: is.filter((name) => !was.includes(name)),
    leave: was.filter((name) => !is.includes(name)),
  };
}

function settle(spec: ClusterSpec, { balancer, nodes, machines }: ClusterDocument): ClusterSpec {
  return {
    ...spec,
    balancer: balancer ?? spec.balancer,
    nodeLabels: nodes?.labels ?? spec.nodeLabels,
    nodeTaints: nodes?.taints ?? spec.nodeTaints,
    settings: { ...spec.settings, ...machines },
  };
}

function withMasters(
  spec: ClusterSpec,
  observation: Observation,
  { replicas }: ClusterDocument,
  names: Named,
): ClusterSpec {
  if (!replicas) return spec;
  const { more, fewer } = compare(byZone(spec.replicas), replicas);
  if (sum(Object.values(replicas)) === 0)
    throw new InputError('none is left: the last replica is never removed', {
      advice: { to: 'delete the whole cluster', command: 'delete', cluster: spec.name },
    });
  const leaving = fewer.flatMap(([zone, count]) => chooseReplicas(spec, observation, { zone, count }));
  const kept = spec.replicas.filter(({ name }) => !leaving.includes(name));
  return withReplicas({ ...spec, replicas: kept }, repeated(more), names.replica);
}

function withWorkers(
  spec: ClusterSpec,
  observation: Observation,
  { nodes }: ClusterDocument,
  names: Named,
): ClusterSpec {
  if (!nodes?.zones) return spec;
  const { more, fewer } = compare(byZone(spec.nodes), nodes.zones);
  const fewerOf = (left: ClusterSpec, [zone, count]: Count) =>
    withoutNodes(left, observation, { zone, count });
  const left = fewer.reduce(fewerOf, spec);
  return withNodes(left, repeated(more), names.node, spec.nodes.length - left.nodes.length);
}

function revision(spec: ClusterSpec, document: ClusterDocument): Revisable {
  const { kubernetesVersion = spec.kubernetesVersion, etcdVersion = spec.etcdVersion } = document;
  const said = Object.entries(document).filter(([key, value]) => key in writtenShape && value !== undefined);
  const versioned = upgraded(spec, { kubernetesVersion, etcdVersion }) ?? revisable(spec);
  return { ...versioned, ...Object.fromEntries(said) };
}

type Count = readonly [zone: string, count: number];

function compare(was: Readonly<Record<string, number>>, is: Readonly<Record<string, number>>) {
  const zones = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  const by = zones.map((zone) => [zone, (is[zone] ?? 0) - (was[zone] ?? 0)] as const);
  return {
    more: by.filter(([, difference]) => difference > 0),
    fewer: by.flatMap(([zone, difference]): Count[] => (difference < 0 ? [[zone, -difference]] : [])),
  };
}

function repeated(counts: readonly Count[]): string[] {
  return counts.flatMap(([zone, count]) => Array<string>(count).fill(zone));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
