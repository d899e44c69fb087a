import type { EtcdClient } from '../../../etcd/client.ts';
import { inspectNode, type NodeInside } from '../../../nodes/inspect.ts';
import type { Machine, MachineRole } from '../../../providers/provider.ts';
import { type Inside, inspect } from '../../../replicas/revision/inspect.ts';
import type { NodeMachine } from '../../model/nodes.ts';
import { type MachineObservation, nothing, type Observation } from '../../model/observation.ts';
import { type ClusterSpec, wanted as wantedIn, wantedNode } from '../../model/spec.ts';
import { type Step, touches } from '../../plan/step.ts';
import { ofThisCluster } from '../../plan/survivors.ts';
import { apiAt } from '../api.ts';
import type { Sessions } from '../machines/sessions.ts';
import type { Tools } from '../tools.ts';
import { admissionWatch } from './admission.ts';
import { readsWithQuorum } from './api-answers.ts';
import { type CloudObservation, observeCloud } from './cloud.ts';
import { type Ask, insideObserver, type Met } from './inside.ts';
import { lookCache } from './look-cache.ts';
import { memberTimeoutMs, observeMembers } from './members.ts';
import { mayHaveNodes, observeNodeObjects } from './nodes.ts';
import { wantedRevisions } from './wanted.ts';

type Parts = Pick<Tools, 'memory' | 'secrets' | 'provider' | 'authorities' | 'signal' | 'emit'> & {
  readonly sessions: Sessions;
  /** Makes the client of a replica's own member, for looking. */
  readonly etcdClients: () => Promise<(replica: string) => EtcdClient>;
};

/** Puts together what the observers of the sources see. */
export interface Observer {
  /** As {@link World.observe}. */
  observe(since?: readonly Step[]): Promise<Observation>;
  /** What was seen last. */
  last(): Observation;
  /** What each replica would be by this spec. */
  wantedBy(spec: ClusterSpec): Promise<Observation['wanted']>;
  /** A step has ended well: the machines that it touched have answered. */
  heard(step: Step): void;
  /** Nothing but the end of its own call says that a network has been deleted. */
  networkIsDeleted(): void;
}

export function openObserver(parts: Parts): Observer {
  const { memory, provider, sessions, signal } = parts;
  const insides = insideObserver(parts);
  const cache = lookCache<CloudObservation, Met<Inside | NodeInside>>(Date.now);
  const refusedWrites = admissionWatch();
  let last = nothing;
  /** The spec that `last.wanted` is of. */
  let wantedOf: ClusterSpec | undefined;

  async function look<I extends Inside | NodeInside>(machine: Machine, ask: Ask<I>) {
    const { name, zone, state, internalIp, externalIp, sshHost } = machine;
    sessions.found(name, sshHost);
    const met: Met<I> =
      state === 'running' && sshHost
        ? await cache.inside(name, () => insides.observe(name, ask))
        : { inside: null };
    return { name, zone, state, internalIp, externalIp, ...met };
  }

  function lookAtMaster(machine: Machine): Promise<MachineObservation> {
    const { uid, apiPort } = memory.spec;
    return look(machine, (session, timeoutMs) =>
      inspect(session, { uid, name: machine.name, apiPort }, { timeoutMs }),
    );
  }

  function lookAtNode(machine: Machine): Promise<NodeMachine> {
    const { uid } = memory.spec;
    return look(machine, (session, timeoutMs) =>
      inspectNode(session, { uid, name: machine.name }, { timeoutMs }),
    );
  }

  async function members(
    { address }: CloudObservation,
    machines: readonly MachineObservation[],
  ): Promise<Observation['etcd']> {
    return observeMembers({
      machines,
      before: last.etcd,
      clientOf: await parts.etcdClients(),
      timeoutMs: memberTimeoutMs(insides.patienceMs()),
      reads: () => readsWithQuorum(parts, address, signal),
      signal,
    });
  }

  /** A cluster that never had nodes has none: that is known without a request. */
  async function nodeObjects({ address }: CloudObservation, machines: number) {
    if (!address || address.holder.kind === 'nobody') return null;
    if (!mayHaveNodes(memory.spec, machines)) return [];
    return observeNodeObjects(() => apiAt(parts, address.ip), memory.spec, signal);
  }

  async function observe(since?: readonly Step[]): Promise<Observation> {
    cache.forget(since);
    const cloud = await cache.cloud(() => observeCloud(provider, memory.spec.nodes.length > 0));
    const { network, address, balancer, routes, serviceNodes } = cloud;
    const { bootstrapped, spec } = memory;
    const stays = bootstrapped && !spec.deleting;
    const ofNodes = ofRole(cloud, 'node');
    const lookingAtMasters = Promise.all(ofRole(cloud, 'master').map(lookAtMaster));
    const lookingAtNodes = Promise.all(ofNodes.map(lookAtNode));
    // Whether a node that leaves is dead, the API has the last word: it may have come back while it was looked at.
    const beforeApi = ofNodes.some(({ name }) => !wantedNode(spec, name)) ? lookingAtNodes : undefined;
    // Each as soon as what it hangs on is known: nodes may be slow to answer, and nobody asks them for etcd.
    const [masters, etcd, nodes, objects] = await Promise.all([
      lookingAtMasters,
      lookingAtMasters.then((seen) =>
        stays ? members(cloud, ofThisCluster(memory.spec, seen)) : nothing.etcd,
      ),
      lookingAtNodes,
      Promise.resolve(beforeApi).then(() => (stays ? nodeObjects(cloud, ofNodes.length) : null)),
    ]);
    // They change seldom, and a change is planned from a look at everything.
    const refused =
      since === undefined && address && etcd.readable
        ? await refusedWrites(await apiAt(parts, address.ip), signal)
        : last.refusedWrites;
    // Nor does what is wanted: it follows from the spec, and from who has a machine.
    const seen = { ...last, network, address, balancer, machines: masters };
    const lacks = ({ name }: MachineObservation) => wantedIn(memory.spec, name) && !last.wanted?.[name];
    const isKnown = since !== undefined && wantedOf === memory.spec && !masters.some(lacks);
    const wanted = isKnown ? last.wanted : await wantedRevisions({ ...parts, seen: () => seen });
    wantedOf = memory.spec;
    last = {
      network,
      address,
      balancer,
      machines: masters,
      etcd,
      nodes: { machines: nodes, objects, routes, serviceNodes },
      remembered: { ...last.remembered, bootstrapped, drill: memory.drill },
      storeRevision: memory.revision,
      ...(refused === undefined ? {} : { refusedWrites: refused }),
      wanted,
    };
    return last;
  }

  return {
    observe,
    last: () => last,
    wantedBy: (spec) => wantedRevisions({ ...parts, memory: { spec }, seen: () => last }),
    heard(step) {
      for (const name of touches(step)) insides.heard(name);
    },
    networkIsDeleted() {
      last = { ...last, remembered: { ...last.remembered, networkDeleted: true } };
    },
  };
}

function ofRole({ machines }: CloudObservation, role: MachineRole): readonly Machine[] {
  return machines.filter((machine) => machine.role === role);
}
