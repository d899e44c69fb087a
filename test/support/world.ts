import type { ChangeableWorld } from '../../src/cluster/loop/apply-change.ts';
import type { Halfway } from '../../src/cluster/loop/running.ts';
import type { DrillRecord } from '../../src/cluster/model/drill.ts';
import { orderOf, servingOf } from '../../src/cluster/model/generations.ts';
import type {
  MachineObservation,
  MemberObservation,
  Observation,
} from '../../src/cluster/model/observation.ts';
import type { Rotated } from '../../src/cluster/model/rotated.ts';
import type { ClusterSpec } from '../../src/cluster/model/spec.ts';
import { wantedCredentials } from '../../src/cluster/plan/nodes/node-credentials.ts';
import { withoutChange } from '../../src/cluster/plan/rotation.ts';
import { touches } from '../../src/cluster/plan/step.ts';
import { emptyInside } from '../../src/cluster/plan/steps/effects.ts';
import type { Step, StepOfKind } from '../../src/cluster/plan/steps/index.ts';
import { lookCache } from '../../src/cluster/world/observe/look-cache.ts';
import { canChange, quorum } from '../../src/etcd/quorum.ts';
import { nameOf } from '../../src/pki/names.ts';
import type { Holder } from '../../src/providers/provider.ts';
import type { Inside } from '../../src/replicas/revision/inspect.ts';
import type { Revision, SeenCertificate } from '../../src/replicas/revision/revision.ts';
import { StoreError } from '../../src/state/errors.ts';
import { noInterruption } from './clusters.ts';
import { lookThrough, type TestCache } from './look-through.ts';
import { SimulatedNodes } from './nodes-world.ts';
import { Violation } from './violation.ts';

/** The machines' clock stands still here. */
const NOW = Date.parse('2026-06-01T00:00:00Z');
const YEAR_MS = 365 * 86_400_000;

/** A certificate of a year's life, of which so much is over. */
function certificate(file: string, over: number): SeenCertificate {
  const begins = NOW - over * YEAR_MS;
  return {
    file,
    commonName: file,
    issuer: '',
    issuedBy: null,
    names: [],
    notBefore: new Date(begins).toISOString(),
    notAfter: new Date(begins + YEAR_MS).toISOString(),
    authority: false,
  };
}

type Versions = Pick<ClusterSpec, 'kubernetesVersion' | 'etcdVersion' | 'generations'>;

/** Whom a replica believes and what it signs with, the first of each. Of etcd's it is a file that etcd reads once. */
function trustOf(spec: Pick<ClusterSpec, 'generations'>): Pick<Revision, 'trust' | 'keys'> {
  const order = (what: Rotated) => orderOf(spec, what).map(String);
  const others = ['ca', 'kubelet-signing', 'front-proxy', 'service-account', 'encryption'] as const;
  const keys = Object.fromEntries(others.map((what) => [what, order(what)]));
  return {
    trust: { 'etcd/ca.crt': order('etcd-ca') },
    keys: { ...keys, serving: [String(servingOf(spec))] },
  };
}

function revisionOf(over: number, { kubernetesVersion, etcdVersion, generations }: Versions): Revision {
  return {
    kubernetesVersion,
    etcdVersion,
    digest: '',
    configuration: {},
    certificates: ['apiserver.crt', 'scheduler.conf'].map((file) => certificate(file, over)),
    ...trustOf({ generations }),
  };
}

interface Machine {
  name: string;
  zone: string;
  on: boolean;
  disk: { -readonly [K in keyof Inside]: Inside[K] };
  /** The member id in the data directory. */
  memberId: string | null;
  /** What lies beside the release in force, and what was in force before it. */
  staged?: Revision | null;
  previous?: Pick<Inside, 'revision' | 'change'> | null;
}

interface Member {
  id: string;
  name: string;
  learner: boolean;
  started: boolean;
}

/** What happens to a step: it works; it fails before or after its effect (a lost reply); haup is killed there, or halfway. */
export type SaveFate = 'works' | 'fails' | 'reply-lost';
export type Fate = 'works' | 'fails' | 'reply-lost' | 'killed-before' | 'killed-within' | 'killed-after';

/** SIGKILL: nothing after it runs. */
export class Killed extends Error {}

/**
 * A world in memory with an etcd that keeps etcd's rules, machines that die and disks that are lost. It is written apart
 * from `simulate`, and stricter: every step that is not safe in the state as it really is throws a {@link Violation}.
 */
export class SimulatedWorld implements ChangeableWorld {
  network = false;
  ip: string | null = null;
  holder: Holder = { kind: 'nobody' };
  /** Each that is made has a DNS name of its own. */
  balancer: { targets: string[]; readonly dnsName: string } | null = null;
  /** Targets that the balancer knows and has not found healthy yet: whoever was waiting for that was killed. */
  private unproven: string[] = [];
  machines: Machine[] = [];
  members: Member[] = [];
  leader: string | null = null;
  deleted = false;
  /** What a drill that was killed has left. */
  drill: DrillRecord | undefined;
  private bootstrapped = false;
  readonly nodes = new SimulatedNodes({
    hasApi: () => this.isAvailable(),
    isDeleting: () => this.stored.deleting,
    credentials: () => wantedCredentials(this.stored),
  });
  /** No machine has been hurt: then whoever gets the address does serve. */
  unhurt = true;
  fate: (step: Step) => Fate = () => 'works';
  /** Of each call of the store that writes. */
  saveFate: () => SaveFate = () => 'works';
  /** Changes of the spec with which no API server starts, by id. */
  readonly broken = new Set<string>();
  readonly done: Step[] = [];
  /** Under which keys Secrets are in etcd. */
  private written = new Set<string>();
  private readonly cache: TestCache = lookCache(() => 0);
  private ids = 0;
  private balancers = 0;
  private changing = 0;
  private renewing = 0;
  private stored: ClusterSpec;

  constructor(spec: ClusterSpec) {
    this.stored = spec;
  }

  spec(): ClusterSpec {
    return this.stored;
  }

  /** As a store does: it holds the new spec, or the old one, whatever its writer hears of it. */
  async save(spec: ClusterSpec): Promise<void> {
    const fate = this.saveFate();
    if (fate !== 'fails') this.stored = spec;
    if (fate !== 'works') throw new StoreError('disk', `the store ${fate}`, []);
  }

  async wantedBy(spec: ClusterSpec): Promise<Observation['wanted']> {
    const { kubernetesVersion, etcdVersion } = spec;
    const wanted = {
      kubernetesVersion,
      etcdVersion,
      configuration: {},
      certificates: [],
      ...trustOf(spec),
    };
    return Object.fromEntries(this.machines.filter((m) => wants(spec, m.name)).map((m) => [m.name, wanted]));
  }

  interruption(): typeof noInterruption {
    return noInterruption;
  }

  /** What is looked at again is decided as in the real world; time stands still, so that nothing gets too old by itself. */
  async observe(since?: readonly Step[]): Promise<Observation> {
    const now = await this.now();
    const seen = await lookThrough(this.cache, now, since);
    for (const step of since ?? []) expectNothingOld(step, seen, now);
    return seen;
  }

  private async now(): Promise<Observation> {
    return {
      network: this.network,
      address: this.ip === null ? null : { ip: this.ip, holder: this.holder },
      balancer: this.balancer && {
        name: 'demo',
        complete: true,
        dnsName: this.balancer.dnsName,
        targets: this.balancer.targets.map((replica) => ({
          replica,
          health: this.isProven(replica) ? 'healthy' : 'unhealthy',
        })),
      },
      machines: this.machines.map(
        (machine): MachineObservation => ({
          name: machine.name,
          zone: machine.zone,
          state: machine.on ? 'running' : 'stopped',
          internalIp: '',
          externalIp: null,
          inside: machine.on ? this.inside(machine) : null,
        }),
      ),
      // Where no member runs there is nobody to ask: the list is empty, which does not mean that there are no members.
      etcd: {
        readable: this.hasQuorum(),
        members: this.members.some((m) => this.runs(m))
          ? this.members.map((member) => this.asObserved(member))
          : [],
      },
      nodes: this.nodes.observe(this.stored),
      remembered: { bootstrapped: this.bootstrapped, networkDeleted: this.deleted, drill: this.drill },
      storeRevision: 0,
      wanted: await this.wantedBy(this.stored),
    };
  }

  async execute(step: Step, _progress?: unknown, halfway?: Halfway): Promise<void> {
    const fate = this.fate(step);
    if (fate === 'killed-before') throw new Killed();
    if (fate === 'killed-within') {
      this.half(step);
      throw new Killed();
    }
    if (fate === 'fails') throw new Error('the cloud said no');
    const membership = ['add-learner', 'promote', 'remove-member', 'bootstrap-etcd'].includes(step.kind);
    if (membership && ++this.changing > 1) throw new Violation('two membership changes at once');
    const renewal = step.kind === 'refresh-certificates';
    if (renewal && ++this.renewing > 1) throw new Violation('certificates of two replicas at once');
    await null; // other steps begin before this one has its effect
    if (step.kind === 'join-node' && halfway) {
      this.nodes.register(step.node);
      void halfway();
      await new Promise((resolve) => setImmediate(resolve)); // others run meanwhile
    }
    const available = this.isAvailable();
    try {
      this.effect(step);
    } finally {
      if (membership) this.changing -= 1;
      if (renewal) this.renewing -= 1;
    }
    this.done.push(step);
    this.expectTrust(step);
    const inPlace = this.stored.change && !this.stored.change.surge && this.stored.replicas.length === 1;
    if (available && !this.isAvailable() && !this.stored.deleting && !inPlace) {
      throw new Violation(`nobody answers at the API address after ${JSON.stringify(step)}`);
    }
    if (fate === 'killed-after') throw new Killed();
    if (fate === 'reply-lost') throw new Error('connection reset by peer');
  }

  /** Power cord, disk and deletion behind haup's back. */
  hurt(kind: 'power-off' | 'wipe' | 'vanish', name: string): void {
    this.nodes.hurt(kind, name);
    const machine = this.machines.find((m) => m.name === name);
    if (!machine) return;
    this.unhurt = false;
    if (kind === 'wipe') Object.assign(machine, { disk: { ...emptyInside }, memberId: null });
    if (kind === 'power-off') machine.on = false;
    if (kind === 'vanish') this.forget(name);
    this.elect();
  }

  /** Nobody came by for eight months and more: what is on the machines is due, not expired. */
  age(): void {
    for (const { disk } of this.machines) {
      if (!disk.revision) continue;
      const { certificates } = revisionOf(0.7, disk.revision);
      disk.revision = { ...disk.revision, certificates };
    }
    this.nodes.age();
  }

  /** Machines on which a certificate is due. */
  due(): string[] {
    const begins = NOW - 0.5 * YEAR_MS;
    const isOld = ({ notBefore }: SeenCertificate) => Date.parse(notBefore) < begins;
    const old = this.machines.filter(({ disk }) => disk.revision?.certificates.some(isOld));
    return [...old.map((m) => m.name), ...this.nodes.due()];
  }

  powerOn(name: string): void {
    this.nodes.powerOn(name);
    const machine = this.machines.find((m) => m.name === name);
    if (machine) this.boot(machine);
  }

  hasQuorum(): boolean {
    const voters = this.members.filter((member) => !member.learner);
    return voters.length > 0 && voters.filter((m) => this.runs(m)).length >= quorum(voters.length);
  }

  /** A client at the API address is answered. */
  isAvailable(): boolean {
    if (this.ip === null || this.holder.kind === 'nobody') return false;
    if (this.holder.kind === 'machine') return this.answers(this.holder.name);
    return (this.balancer?.targets ?? []).some((target) => this.isProven(target));
  }

  /** What a step leaves that was cut off inside; most have their effect at once. */
  private half(step: Step): void {
    if (step.kind === 'change-release') this.change(step, false);
    if (step.kind === 'join-node') this.nodes.register(step.node);
    if (step.kind !== 'set-targets' || !this.balancer) return;
    this.unproven = step.targets.filter((name) => !this.balancer!.targets.includes(name));
    this.balancer.targets = [...new Set([...this.balancer.targets, ...step.targets])];
  }

  private isProven(target: string): boolean {
    return this.answers(target) && !this.unproven.includes(target);
  }

  private readonly effects: { readonly [K in Step['kind']]: (step: StepOfKind<K>) => void } = {
    ...this.nodes.effects,
    'ensure-network': () => {
      this.network = true;
    },
    'reserve-address': () => {
      this.ip ??= '198.18.0.10';
    },
    'create-machine': (step) => {
      if (this.members.some((m) => m.name === step.replica && m.started && !m.learner)) {
        throw new Violation(`a machine made anew for the voter ${step.replica}, whose data is lost`);
      }
      if (this.machines.some((m) => m.name === step.replica)) return;
      this.machines.push({
        name: step.replica,
        zone: step.zone,
        on: true,
        disk: { ...emptyInside },
        memberId: null,
      });
    },
    'start-machine': (step) => {
      this.boot(this.machine(step.replica));
    },
    provision: (step) => {
      Object.assign(this.running(step.replica).disk, {
        provisioned: true,
        certificateNames: this.names(),
        ...this.made(),
      });
    },
    'renew-certificates': (step) => {
      const { disk } = this.running(step.replica);
      Object.assign(disk, this.made());
    },
    'stage-release': (step) => {
      const machine = this.running(step.replica);
      machine.staged = revisionOf(0, this.stored);
      machine.disk.staged = step.change;
    },
    'change-release': (step) => {
      this.change(step);
    },
    'put-back': (step) => {
      const machine = this.running(step.replica);
      const { disk } = machine;
      if ([disk.change, disk.begun].includes(step.change)) {
        if (!machine.previous) throw new Violation(`${step.replica} has nothing of before to be put back to`);
        Object.assign(disk, machine.previous);
      }
      Object.assign(disk, { staged: null, begun: null, apiServer: 'disabled', controllers: 'disabled' });
      if (step.etcd) disk.etcd = 'running';
      this.elect();
    },
    'finish-change': (step) => {
      const old = this.stored.replicas.find(({ name }) => !this.has(name, this.stored));
      if (old) throw new Violation(`the change is said to be complete, and ${old.name} does not have it`);
      if (step.after?.includes('rewrite-secrets'))
        this.written = new Set([String(orderOf(this.stored, 'encryption')[0])]);
      this.stored = withoutChange(this.stored, '2026-06-01T00:00:00Z');
    },
    'keep-addons': () => {
      throw new Violation('nobody has said here what add-ons there should be');
    },
    'refresh-certificates': (step) => {
      const { disk } = this.running(step.replica);
      if (!disk.revision) throw new Violation(`${step.replica} has no certificates to renew`);
      disk.revision = {
        ...disk.revision,
        certificates: disk.revision.certificates.map((each) =>
          step.files.includes(each.file) ? certificate(each.file, 0) : each,
        ),
      };
    },
    'name-balancer': (step) => {
      this.running(step.replica).disk.certificateNames = this.names();
    },
    'bootstrap-etcd': (step) => {
      this.bootstrap(step.replica);
    },
    'add-learner': (step) => {
      this.addLearner(step.replica);
    },
    'start-etcd': (step) => {
      const machine = this.running(step.replica);
      const member = this.members.find((m) => m.name === step.replica);
      if (!member) throw new Error('not a member');
      if (machine.memberId !== null && machine.memberId !== member.id) machine.memberId = null;
      if (machine.memberId === null && member.started) throw new Error('the data of this member is lost');
      machine.memberId = member.id;
      Object.assign(machine.disk, { etcd: 'running', etcdData: true });
      member.started = true;
    },
    'restart-etcd': (step) => {
      this.running(step.replica).disk.etcd = 'running';
      this.elect();
    },
    fence: (step) => {
      this.running(step.replica).disk.etcd = 'disabled';
      this.elect();
    },
    'force-new-cluster': (step) => {
      const machine = this.running(step.replica);
      const member = this.members.find((m) => m.name === step.replica);
      const { memberId: id } = machine;
      if (id === null || (member && id !== member.id)) throw new Error('no data');
      if (this.hasQuorum() && this.members.length > 1) throw new Violation('a quorum was given up');
      const awake = this.machines.find((m) => m !== machine && m.on && m.disk.etcd !== 'disabled');
      if (awake) throw new Violation(`${awake.name} can go on with the old cluster`);
      machine.disk.etcd = 'running';
      // One that was off when it was removed does not know that, and goes on with the data that it has.
      const alone = member ?? { id, name: step.replica, started: true };
      this.members = [{ ...alone, learner: false }];
      this.elect();
      const { rescue: _, ...spec } = this.stored;
      this.stored = spec;
    },
    'restore-etcd': (step) => {
      const machine = this.running(step.replica);
      if (this.bootstrapped && this.hasQuorum() && this.members.some((m) => m.name !== step.replica))
        throw new Violation('a quorum was given up for a backup');
      const awake = this.machines.find((m) => m !== machine && m.on && m.disk.etcd !== 'disabled');
      if (awake) throw new Violation(`${awake.name} can go on with the old cluster`);
      if (!machine.disk.backup) throw new Error('it was not told where backups are');
      machine.memberId ??= String(++this.ids);
      Object.assign(machine.disk, { etcd: 'running', etcdData: true });
      this.members = [{ id: machine.memberId, name: step.replica, learner: false, started: true }];
      this.elect();
      const { rescue: _, ...spec } = this.stored;
      this.stored = spec;
    },
    'set-up-backup': (step) => {
      const report = { generation: step.generation, last: null, failure: null };
      this.running(step.replica).disk.backup = report;
    },
    'stop-backup': (step) => {
      this.running(step.replica).disk.backup = null;
    },
    promote: (step) => {
      const member = this.members.find((m) => m.name === step.replica);
      if (!member) throw new Error('not a member');
      if (!member.learner) return;
      if (!this.runs(member)) {
        this.members = this.members.filter((m) => m !== member); // missed its time limit
        throw new Error('the learner does not catch up');
      }
      this.commit(1, 1, step);
      member.learner = false;
    },
    'undo-fault': ({ blow, machine }) => {
      if (!this.drill) throw new Violation('nothing is known of a drill');
      if (machine !== null && blow !== 'kill-api-server') this.powerOn(machine);
      const wounds = this.drill.wounds.filter((w) => w.blow !== blow || w.machine !== machine);
      this.drill = { ...this.drill, wounds };
    },
    'clear-drill': () => {
      if (this.drill?.wounds.length) throw new Violation('a drill was forgotten before it was undone');
      this.drill = undefined;
    },
    'move-leader': (step) => {
      this.elect(step.to);
    },
    'remove-member': (step) => {
      const member = this.members.find((m) => m.id === step.member);
      if (!member) return;
      const voters = this.members.filter((m) => !m.learner).length;
      if (!member.learner && voters === 1) throw new Violation('the last member was removed');
      if (
        !member.learner &&
        !this.runs(member) &&
        !this.stored.replicas.every((r) => this.isPrepared(r.name))
      ) {
        throw new Violation('a dead member left before the machine of its successor was there');
      }
      if (member.learner) this.commit(0, 0, step);
      else this.commit(-1, this.runs(member) ? -1 : 0, step);
      this.members = this.members.filter((m) => m !== member);
      this.elect();
    },
    'start-control-plane': (step) => {
      const machine = this.running(step.replica);
      if (this.broken.has(machine.disk.change ?? '')) {
        machine.disk.apiServer = 'unready';
        throw new Error('the API server ends at once');
      }
      Object.assign(machine.disk, { apiServer: 'ready', controllers: 'running' });
      if (!this.answers(step.replica)) throw new Error('the API server does not get ready');
    },
    'stop-controllers': (step) => {
      const ill = this.stored.replicas.filter(({ name }) => this.isIll(name));
      if (!this.isWanted(step.replica) && ill.length > 0) {
        throw new Violation(`${step.replica} was stopped while ${ill[0]!.name} does not wholly work`);
      }
      this.mayStop(step.replica);
      this.running(step.replica).disk.controllers = 'disabled';
    },
    'stop-api-server': (step) => {
      const target = this.holder.kind === 'balancer' && this.balancer?.targets.includes(step.replica);
      const holds = this.holder.kind === 'machine' && this.holder.name === step.replica;
      const inPlace = this.stored.change && !this.stored.change.surge && this.stored.replicas.length === 1;
      if (target || (holds && !inPlace))
        throw new Violation(`${step.replica} stops while clients are sent to it`);
      if (this.running(step.replica).disk.controllers !== 'disabled') {
        throw new Violation('the API server stops before what depends on it');
      }
      this.mayStop(step.replica);
      this.running(step.replica).disk.apiServer = 'disabled';
    },
    'ensure-balancer': () => {
      this.balancer ??= { targets: [], dnsName: `balancer-${++this.balancers}.example.com` };
    },
    'set-targets': (step) => {
      if (!this.balancer) throw new Error('no balancer');
      for (const name of step.targets) {
        const isNew = !this.balancer.targets.includes(name);
        if (isNew && !this.answers(name))
          throw new Violation(`${name} is no ready voter but becomes a target`);
      }
      this.balancer.targets = [...step.targets];
      this.unproven = [];
    },
    'hand-over': (step) => {
      const before = this.holder;
      this.holder = step.to;
      for (const machine of this.machines)
        if (machine.on && step.to.kind === 'balancer' && this.balancer!.targets.includes(machine.name))
          machine.disk.certificateNames = this.names();
      if (!this.isAvailable()) {
        this.holder = before;
        if (this.unhurt) throw new Violation('the address was given to who does not serve');
        throw new Error('the new holder does not serve');
      }
    },
    'delete-balancer': () => {
      if (!this.stored.deleting && this.members.some((m) => !this.isWanted(m.name))) {
        throw new Violation('the balancer went while connections through it were still served');
      }
      this.balancer = null;
      if (this.holder.kind === 'balancer') this.holder = { kind: 'nobody' };
    },
    'delete-machine': (step) => {
      const member = this.members.find((m) => m.name === step.replica);
      if (member && !this.stored.deleting)
        throw new Violation(`the machine of the member ${step.replica} was deleted`);
      this.forget(step.replica);
    },
    'release-address': () => {
      this.ip = null;
      this.holder = { kind: 'nobody' };
    },
    'delete-network': () => {
      if (this.machines.length || this.nodes.machines.length || this.balancer || this.ip)
        throw new Violation('the network went first');
      Object.assign(this, { network: false, deleted: true });
    },
  };

  /** What is put on a machine as a whole: a change that is under way only if it is known to work somewhere. */
  private made(): Pick<Inside, 'revision' | 'change' | 'begun'> {
    return { ...this.madeBy(), begun: null };
  }

  private madeBy(): Pick<Inside, 'revision' | 'change'> {
    const { change } = this.stored;
    if (!change || change.back !== undefined) return { revision: revisionOf(0, this.stored), change: null };
    if (change.returns || change.surge) return { revision: revisionOf(0, this.stored), change: change.id };
    const have = this.machines.filter(({ disk, name }) => disk.change === change.id && this.isWanted(name));
    if (have.length > 1 || have.some(({ name }) => this.isWhole(name)))
      return { revision: revisionOf(0, this.stored), change: change.id };
    return { revision: revisionOf(0, change.before), change: null };
  }

  /** Who is wanted is only stopped to be changed, and only while all others work. */
  private mayStop(name: string): void {
    if (!this.isWanted(name)) return;
    if (!this.stored.change) throw new Violation(`${name} is stopped although nothing of it is to change`);
    const out = this.stored.replicas.find((other) => other.name !== name && !this.isWhole(other.name));
    if (out) throw new Violation(`${name} is taken out of service while ${out.name} is`);
  }

  private change(step: StepOfKind<'change-release'>, whole = true): void {
    const machine = this.running(step.replica);
    const { disk, staged } = machine;
    if (disk.staged !== step.change || !staged) throw new Error('nothing was prepared');
    const stops = step.cost !== 'nothing' && step.cost !== 'reload';
    if (stops && disk.controllers !== 'disabled') throw new Violation('changed while controllers run');
    const alone = this.stored.replicas.length === 1 && this.machines.length === 1;
    if (step.inPlace && !alone) throw new Violation('stopped while clients are sent to it');
    if (['api-server', 'etcd'].includes(step.cost) && !step.inPlace) {
      if (disk.apiServer !== 'disabled') throw new Violation('changed while the API server runs');
    }
    if (step.inPlace) disk.apiServer = 'stopped';
    if (step.cost === 'etcd') {
      const voters = this.members.filter((m) => !m.learner);
      const others = voters.filter((m) => m.name !== step.replica && this.runs(m));
      if (voters.length > 1 && others.length < quorum(voters.length))
        throw new Violation('etcd stops, and no quorum is left');
      if (others.length > 0 && this.members.find((m) => m.id === this.leader)?.name === step.replica)
        throw new Violation('etcd stops where it leads');
    }
    if (disk.begun !== step.change) machine.previous = { revision: disk.revision, change: disk.change };
    // In force first; that the machine is complete with it is noted last.
    Object.assign(disk, { revision: staged, begun: step.change });
    if (whole) Object.assign(disk, { change: step.change, staged: null, begun: null });
  }

  /** What the spec wants is on it. */
  has(name: string, { kubernetesVersion, etcdVersion, generations }: Versions): boolean {
    const seen = this.machines.find((m) => m.name === name)?.disk.revision;
    if (seen?.kubernetesVersion !== kubernetesVersion || seen.etcdVersion !== etcdVersion) return false;
    const { trust, keys } = trustOf({ generations });
    return JSON.stringify([seen.trust, seen.keys]) === JSON.stringify([trust, keys]);
  }

  private isWhole(name: string): boolean {
    const machine = this.machines.find((m) => m.name === name);
    return this.answers(name) && machine?.disk.controllers === 'running';
  }

  /**
   * Whoever runs believes whatever another, or haup by the spec, shows him, and reads every Secret. Those that are to go are nobody's
   * affair.
   */
  private expectTrust(step: Step): void {
    const parties = this.machines.filter((m) => m.on && m.disk.revision && this.isWanted(m.name));
    const serve = parties.filter(({ disk }) => disk.apiServer === 'ready').map(asParty);
    const members = parties.filter(({ disk }) => disk.etcd === 'running').map(asParty);
    const haup: Party = { name: 'haup', ...trustOf(this.stored) };
    const fail = (why: string) => {
      throw new Violation(`${why} after ${JSON.stringify(step)}`);
    };
    for (const [list, kind, what] of [
      [serve, 'keys', 'ca'],
      [serve, 'keys', 'kubelet-signing'],
      [serve, 'keys', 'front-proxy'],
      [serve, 'keys', 'service-account'],
      [members, 'trust', 'etcd/ca.crt'],
    ] as const) {
      for (const shows of [...list, haup])
        for (const sees of [...list, haup])
          if (!sees[kind][what]!.includes(shows[kind][what]![0]!))
            fail(`${sees.name} does not believe what ${shows.name} shows by ${what}`);
    }
    for (const shows of serve)
      for (const sees of [...serve, haup])
        if (!sees.keys.ca!.includes(shows.keys.serving![0]!))
          fail(`${sees.name} does not believe the API server of ${shows.name}`);
    const named = (root: string, generations: readonly string[]) =>
      generations.map((one) => nameOf(root, Number(one)));
    for (const { name: node, on, disk } of this.nodes.machines) {
      const wanted = this.stored.nodes.some(({ name }) => name === node);
      if (!on || !wanted || disk.clientIssuer === null) continue;
      for (const { name, keys } of serve) {
        const [shown = ''] = named('kubernetes-ca', keys.serving!);
        if (!disk.trust.includes(shown)) fail(`${node} does not believe the API server of ${name}`);
        // kube-proxy's certificate is by the first.
        if (!named('kubernetes-ca', keys.ca!).includes(disk.trust[0]!))
          fail(`${name} does not believe the kube-proxy of ${node}`);
        const signers = keys['kubelet-signing']!;
        if (!named('kubelet-client-ca', signers).includes(disk.clientIssuer))
          fail(`${name} does not believe the kubelet of ${node}`);
        if (!named('kubelet-serving-ca', signers).includes(disk.servingIssuer!))
          fail(`${name} does not believe what the kubelet of ${node} shows`);
      }
    }
    for (const { keys } of serve) this.written.add(keys.encryption![0]!);
    for (const { name, keys } of serve)
      for (const key of this.written)
        if (!keys.encryption!.includes(key)) fail(`${name} cannot read Secrets under the key ${key}`);
  }

  private effect(step: Step): void {
    (this.effects[step.kind] as (step: Step) => void)(step);
  }

  private names(): string[] {
    return this.balancer ? [this.balancer.dnsName] : [];
  }

  private isWanted(name: string): boolean {
    return this.stored.replicas.some((replica) => replica.name === name);
  }

  /** A member already, or a machine on which everything is in place. */
  private isPrepared(name: string): boolean {
    const machine = this.machines.find((m) => m.name === name);
    return this.members.some((m) => m.name === name) || Boolean(machine?.disk.provisioned);
  }

  /** It takes part in etcd, and its API server or its controllers do not run. */
  private isIll(name: string): boolean {
    const member = this.members.find((m) => m.name === name);
    const machine = this.machines.find((m) => m.name === name);
    if (!member || member.learner || !this.runs(member) || !machine) return false;
    return machine.disk.apiServer !== 'ready' || machine.disk.controllers !== 'running';
  }

  private bootstrap(name: string): void {
    const machine = this.running(name);
    if (this.bootstrapped) throw new Violation('a second etcd was bootstrapped');
    if (machine.memberId === null) {
      const id = String(++this.ids);
      machine.memberId = id;
      this.members = [{ id, name, learner: false, started: true }];
    }
    Object.assign(machine.disk, { etcd: 'running', etcdData: true });
    this.elect();
    this.bootstrapped = true;
  }

  private addLearner(name: string): void {
    if (this.members.some((m) => m.name === name)) return;
    // "etcdserver: unhealthy cluster": --strict-reconfig-check
    if (this.members.some((m) => !m.learner && !this.runs(m)))
      throw new Violation('an addition while a voter is down');
    if (this.members.some((m) => !m.learner && !m.started))
      throw new Violation('an addition while one never started');
    if (this.members.filter((m) => m.learner).length >= 2) throw new Violation('too many learners');
    this.commit(0, 0, { kind: 'add-learner', replica: name });
    this.members.push({ id: String(++this.ids), name, learner: true, started: false });
  }

  /** Only a quorum of the members before can commit a change, and one must be left after it. */
  private commit(voters: number, healthy: number, step: Step): void {
    const list = this.members.filter((m) => !m.learner);
    const before = list.filter((m) => this.runs(m)).length;
    const change = {
      votersBefore: list.length,
      healthyBefore: before,
      votersAfter: list.length + voters,
      healthyAfter: before + healthy,
    };
    if (!canChange(change))
      throw new Violation(`no quorum for ${JSON.stringify(step)}: ${JSON.stringify(change)}`);
  }

  private runs(member: Member): boolean {
    const machine = this.machines.find((m) => m.name === member.name);
    return Boolean(machine?.on && machine.disk.etcd === 'running' && machine.memberId === member.id);
  }

  private answers(name: string): boolean {
    const machine = this.machines.find((m) => m.name === name);
    const member = this.members.find((m) => m.name === name);
    if (!machine?.on || machine.disk.apiServer !== 'ready') return false;
    return this.hasQuorum() && member !== undefined && !member.learner && this.runs(member);
  }

  private inside(machine: Machine): Inside {
    const ready = machine.disk.apiServer === 'ready' && !this.answers(machine.name);
    const ends = machine.disk.revision?.certificates.map(({ notAfter }) => notAfter).sort()[0] ?? null;
    return {
      ...machine.disk,
      apiServer: ready ? 'unready' : machine.disk.apiServer,
      certificateExpires: ends,
      certificateSecondsLeft: ends === null ? null : (Date.parse(ends) - NOW) / 1000,
    };
  }

  private asObserved(member: Member): MemberObservation {
    const healthy = this.hasQuorum() && this.runs(member);
    return { ...member, healthy, leader: this.leader === member.id && healthy };
  }

  private elect(to?: string): void {
    const able = this.members.filter((m) => !m.learner && this.runs(m));
    const successor = able.find((m) => m.name === to) ?? able.find((m) => m.id === this.leader) ?? able[0];
    this.leader = successor?.id ?? null;
  }

  private boot(machine: Machine): void {
    machine.on = true;
    this.elect();
  }

  private forget(name: string): void {
    this.machines = this.machines.filter((m) => m.name !== name);
    if (this.holder.kind === 'machine' && this.holder.name === name) this.holder = { kind: 'nobody' };
    if (this.balancer) this.balancer.targets = this.balancer.targets.filter((target) => target !== name);
    this.elect();
  }

  private machine(name: string): Machine {
    const machine = this.machines.find((m) => m.name === name);
    if (!machine) throw new Error(`no machine ${name}`);
    return machine;
  }

  private running(name: string): Machine {
    const machine = this.machine(name);
    if (!machine.on) throw new Error(`${name} does not answer`);
    return machine;
  }
}

type Party = Pick<Revision, 'trust' | 'keys'> & { readonly name: string };

function asParty({ name, disk }: Machine): Party {
  const { trust, keys } = disk.revision!;
  return { name, trust, keys };
}

function wants(spec: ClusterSpec, name: string): boolean {
  return spec.replicas.some((replica) => replica.name === name);
}

/** What a step works on is never shown as it was before the step. */
function expectNothingOld(step: Step, seen: Observation, now: Observation): void {
  const things = touches(step);
  const machines = (o: Observation) =>
    [...o.machines, ...o.nodes.machines].filter((m) => things.includes(m.name));
  const parts = ({ network, address, balancer }: Observation) =>
    Object.entries({ network, address, balancer }).filter(([name]) => things.includes(name));
  const of = (o: Observation) => JSON.stringify([machines(o), parts(o)]);
  if (of(seen) !== of(now))
    throw new Violation(`${of(seen)} was seen after ${JSON.stringify(step)}: ${of(now)}`);
}
