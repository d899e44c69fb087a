import type { NodesObservation } from '../../src/cluster/model/nodes.ts';
import type { ClusterSpec } from '../../src/cluster/model/spec.ts';
import type { Step, StepOfKind } from '../../src/cluster/plan/steps/index.ts';
import { emptyNode } from '../../src/cluster/plan/steps/node-effects.ts';
import { mayHaveNodes } from '../../src/cluster/world/observe/nodes.ts';
import type { NodeCredentials, NodeInside } from '../../src/nodes/inspect.ts';
import { Violation } from './violation.ts';

interface Machine {
  readonly name: string;
  readonly zone: string;
  on: boolean;
  disk: { -readonly [K in keyof NodeInside]: NodeInside[K] };
}

interface Node {
  readonly name: string;
  readonly podCidr: string;
  cordoned: boolean;
  /** Pods that would have to move. */
  pods: number;
}

/** What the nodes see of the rest of the world. */
interface Surroundings {
  /** The API answers at its address. */
  hasApi(): boolean;
  isDeleting(): boolean;
  /** By the authorities that are at work. */
  credentials(): NodeCredentials;
}

type NodeKind = Extract<Step, { readonly node: string }>['kind'] | 'set-service-nodes';

const YEAR_SECONDS = 365 * 86_400;
const NEW = {
  servingCertificateBegins: '2026-06-01T00:00:00Z',
  servingCertificateExpires: '2027-06-01T00:00:00Z',
  servingCertificateSecondsLeft: YEAR_SECONDS,
} as const;

/** The nodes of a {@link SimulatedWorld}: stricter than `simulate`, and written apart from it. */
export class SimulatedNodes {
  machines: Machine[] = [];
  objects: Node[] = [];
  routes: { destination: string; machine: string }[] = [];
  serviceNodes: string[] = [];
  private readonly world: Surroundings;
  private ranges = 0;

  constructor(world: Surroundings) {
    this.world = world;
  }

  /** @param spec by which it is decided what is asked, as in the real world. */
  observe(spec: ClusterSpec): NodesObservation {
    const asked = mayHaveNodes(spec, this.machines.length) ? this.objects : [];
    const wanted = (name: string) => spec.nodes.some((node) => node.name === name);
    return {
      machines: this.machines.map(({ name, zone, on, disk }) => ({
        name,
        zone,
        state: on ? 'running' : 'stopped',
        internalIp: '',
        externalIp: null,
        inside: on ? { ...disk } : null,
      })),
      objects: this.world.hasApi()
        ? asked.map((node) => ({
            name: node.name,
            ready: this.isReady(node) ? 'ready' : 'unknown',
            problem: null,
            version: null,
            podCidr: node.podCidr,
            providerId: null,
            internalIp: null,
            zone: null,
            cordoned: node.cordoned,
            podsToMove: wanted(node.name) ? null : node.pods,
          }))
        : null,
      routes: [...this.routes],
      serviceNodes: [...this.serviceNodes],
    };
  }

  isReady({ name, podCidr }: Node): boolean {
    const machine = this.machines.find((m) => m.name === name);
    return machine?.on === true && machine.disk.kubelet === 'running' && machine.disk.podCidr === podCidr;
  }

  hurt(kind: 'power-off' | 'wipe' | 'vanish', name: string): void {
    const machine = this.machines.find((m) => m.name === name);
    if (!machine) return;
    if (kind === 'power-off') machine.on = false;
    if (kind === 'wipe') machine.disk = { ...emptyNode };
    if (kind === 'vanish') this.forget(name);
  }

  /** Nobody came by for eight months and more. */
  age(): void {
    for (const { disk } of this.machines)
      if (disk.provisioned) disk.servingCertificateSecondsLeft = 0.3 * YEAR_SECONDS;
  }

  /** Machines whose certificates are due. */
  due(): string[] {
    return this.machines
      .filter(({ disk }) => (disk.servingCertificateSecondsLeft ?? YEAR_SECONDS) < 0.5 * YEAR_SECONDS)
      .map(({ name }) => name);
  }

  powerOn(name: string): void {
    const machine = this.machines.find((m) => m.name === name);
    if (machine) machine.on = true;
  }

  /** The first half of a join: the kubelet starts, the API knows the node, and it is not well yet. */
  register(node: string): void {
    const { disk } = this.running(node);
    const ran = disk.kubelet === 'running';
    if (!disk.provisioned) throw new Violation(`${node} joins with nothing on it`);
    if (!this.world.hasApi()) throw new Error('the API does not answer');
    Object.assign(disk, {
      containerd: 'running',
      kubelet: 'running',
      joining: disk.joining || disk.kubelet !== 'running',
    });
    // One that has credentials keeps them, whoever they are by.
    const { trust, clientIssuer } = this.world.credentials();
    if (disk.clientIssuer === null) Object.assign(disk, { trust, clientIssuer });
    // Once, when it starts: what somebody deletes while it runs does not come back by itself.
    if (!ran) this.enlist(node);
  }

  private enlist(node: string): void {
    if (this.objects.some(({ name }) => name === node)) return;
    this.objects.push({ name: node, podCidr: `10.244.${this.ranges++}.0/24`, cordoned: false, pods: 0 });
  }

  readonly effects: { readonly [K in NodeKind]: (step: StepOfKind<K>) => void } = {
    'create-node': ({ node, zone }) => {
      if (this.objects.some(({ name }) => name === node)) throw new Violation(`${node} was made twice`);
      if (this.machines.some(({ name }) => name === node)) return;
      this.machines.push({ name: node, zone, on: true, disk: { ...emptyNode } });
    },
    'start-node': ({ node }) => {
      this.machine(node).on = true;
    },
    'provision-node': ({ node }) => {
      const { servingIssuer } = this.world.credentials();
      Object.assign(this.running(node).disk, { provisioned: true, ...NEW, servingIssuer });
    },
    'join-node': ({ node }) => {
      this.register(node);
      // The kubelet is started again where it has lost its node.
      this.enlist(node);
      Object.assign(this.running(node).disk, { kubeProxy: 'running', joining: false });
      const { podCidr } = this.objects.find(({ name }) => name === node)!;
      this.effects['route-pods']({ kind: 'route-pods', node, podCidr });
      this.effects['connect-pods']({ kind: 'connect-pods', node, podCidr });
    },
    'route-pods': ({ node, podCidr }) => {
      this.machine(node);
      this.routes = [
        ...this.routes.filter(({ destination }) => destination !== podCidr),
        { destination: podCidr, machine: node },
      ];
    },
    'connect-pods': ({ node, podCidr }) => {
      if (!this.routes.some((route) => route.destination === podCidr && route.machine === node))
        throw new Violation(`pods of ${node} get addresses that nobody can answer`);
      const { disk } = this.running(node);
      if (disk.joining) throw new Violation(`pods may come to ${node}, which is still joining`);
      disk.podCidr = podCidr;
      const object = this.objects.find(({ name }) => name === node);
      if (object && !object.cordoned) object.pods = 1;
    },
    'set-service-nodes': ({ nodes }) => {
      const joined = (name: string) =>
        this.objects.some((node) => node.name === name) &&
        this.machines.some((m) => m.name === name && !m.disk.joining);
      const strange = nodes.find((name) => !joined(name) && !this.serviceNodes.includes(name));
      if (strange) throw new Violation(`Services lead to ${strange}, which has not joined`);
      this.serviceNodes = [...nodes];
    },
    'renew-node': ({ node, becomes }) => {
      const { disk } = this.running(node);
      if (disk.servingCertificateExpires === null)
        throw new Violation(`${node} has no certificates to renew`);
      const now = this.world.credentials();
      Object.assign(disk, NEW, { servingIssuer: now.servingIssuer });
      if (!becomes) return;
      if (!this.world.hasApi()) throw new Error('the API does not answer');
      Object.assign(disk, now);
    },
    'drain-node': ({ node }) => {
      if (!this.world.hasApi()) throw new Error('the API does not answer');
      if (this.serviceNodes.includes(node))
        throw new Violation(`${node} is drained while Services lead to it`);
      const object = this.objects.find(({ name }) => name === node);
      if (object) Object.assign(object, { cordoned: true, pods: 0 });
    },
    'delete-node': ({ node }) => {
      const object = this.objects.find(({ name }) => name === node);
      if (!this.world.isDeleting()) {
        if (object && this.isReady(object) && object.pods > 0)
          throw new Violation(`the machine of ${node} was deleted while pods ran on it`);
        if (this.serviceNodes.includes(node))
          throw new Violation(`${node} was deleted while Services lead to it`);
      }
      this.forget(node);
    },
    'forget-node': ({ node }) => {
      if (!this.world.hasApi()) throw new Error('the API does not answer');
      if (this.machines.some(({ name }) => name === node))
        throw new Violation(`${node} was forgotten while its kubelet may run`);
      this.objects = this.objects.filter(({ name }) => name !== node);
    },
  };

  private forget(name: string): void {
    this.machines = this.machines.filter((machine) => machine.name !== name);
    this.routes = this.routes.filter(({ machine }) => machine !== name);
    this.serviceNodes = this.serviceNodes.filter((node) => node !== name);
  }

  private machine(name: string): Machine {
    const machine = this.machines.find((m) => m.name === name);
    if (!machine) throw new Error(`there is no machine ${name}`);
    return machine;
  }

  private running(name: string): Machine {
    const machine = this.machine(name);
    if (!machine.on) throw new Error(`${name} does not answer`);
    return machine;
  }
}
