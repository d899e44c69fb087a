import type { Engine, EngineOptions, Outcome, StatusNow } from '../../../src/app/engine.ts';
import { screenText } from '../../../src/cli/output/safe.ts';
import { run } from '../../../src/cli/run.ts';
import type { Screen, Surroundings } from '../../../src/cli/surroundings.ts';
import { NotFoundError } from '../../../src/cluster/model/errors.ts';
import { nothing } from '../../../src/cluster/model/observation.ts';
import type { Plan } from '../../../src/cluster/plan/plan.ts';
import type { Standing } from '../../../src/cluster/plan/standing.ts';
import type { Step } from '../../../src/cluster/plan/step.ts';

/** A screen that keeps what was written. */
export interface Paper extends Screen {
  readonly text: string;
  columns: number;
  rows: number;
  resize(): void;
}

export function paper(options: Partial<Screen> = {}): Paper {
  let text = '';
  const listeners = new Set<() => void>();
  return {
    write: (more) => {
      text += screenText(more);
    },
    draw: (more) => {
      text += more;
    },
    get text() {
      return text;
    },
    isTTY: false,
    columns: 80,
    rows: 24,
    colour: false,
    gone: false,
    onResize(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    resize: () => {
      for (const listener of listeners) listener();
    },
    ...options,
  };
}

export interface Call {
  readonly method: string;
  readonly arguments: readonly unknown[];
}

export const outcome: Outcome = {
  plan: planOf([]),
  executed: true,
  status: null,
  availability: [],
  seconds: 1,
};

/** An engine that remembers what it was asked; each method answers as given, or as if nothing had to be done. */
const backup = {
  ...{ id: '0a1b2c3d', cluster: 'demo', taken: '2026-01-01T00:00:00Z', by: 'demo-master', size: 2048 },
  ...{ etcdRevision: 7, keys: 3, hash: 99, storeRevision: 12, uid: null, verified: null },
};

function fakeEngine(answers: Partial<Engine> = {}): { engine: Engine; calls: Call[] } {
  const calls: Call[] = [];
  const defaults: Engine = {
    create: async () => outcome,
    addReplicas: async () => outcome,
    removeReplicas: async () => outcome,
    replaceReplicas: async () => outcome,
    addNodes: async () => outcome,
    removeNodes: async () => outcome,
    replaceNodes: async () => outcome,
    repair: async () => outcome,
    rescue: async () => outcome,
    enableBackups: async () => outcome,
    disableBackups: async () => outcome,
    createBackup: async () => ({
      id: '0a1b2c3d',
      by: 'demo-master',
      taken: '2026-01-01T00:00:00Z',
      size: 2048,
      added: '1 KiB',
    }),
    backups: async () => [],
    verifyBackup: async () => ({
      backup,
      objects: 42,
      secrets: 1,
    }),
    restoreStore: async () => backup,
    pruneBackups: async () => 3,
    renew: async () => outcome,
    upgrade: async () => outcome,
    rotate: async () => outcome,
    setAddons: async () => outcome,
    apply: async () => outcome,
    configOf: async () => ({}),
    delete: async () => outcome,
    status: async () => statusOf(),
    moveStore: async () => true,
    list: async () => ({ clusters: [], unreadable: [] }),
    kubeconfig: async () => ({ text: 'kind: Config\n', warnings: [] }),
    issuedKubeconfigs: async () => [],
    joinCommand: async () => ({
      command: 'kubeadm join',
      apiServer: '198.18.0.10:443',
      token: 'abcdef.0123456789abcdef',
      caCertHashes: [],
      expires: '2026-01-01T00:00:00Z',
    }),
    ssh: async () => 0,
    drill: async ({ cluster, dryRun }) => {
      if (!dryRun) throw new NotFoundError('cluster', cluster, []);
      return { planned: [], report: null };
    },
    initFederation: async () => outcome,
    joinFederation: async ({ cluster }) => ({ federation: 'world', cluster, steps: [] }),
    unjoinFederation: async ({ cluster }) => ({ federation: 'world', cluster, steps: [] }),
    putMemberDns: async () => true,
    federationStatus: async () => ({
      ...{ federation: 'world', dnsZone: 'example.com.', dnsProvider: 'coredns', ttl: 180 },
      ...{ members: [], problems: [] },
    }),
    disbandFederation: async () => ({ left: [], problems: [] }),
    drillKey: async () => null,
    guard: async () => ({
      deed: null,
      waits: [],
      seen: { status: statusOf(), unanswered: null, databases: [] },
    }),
    fault: async () => ['demo-master'],
  };
  const all = { ...defaults, ...answers };
  const engine = Object.fromEntries(
    Object.entries(all).map(([method, answer]) => [
      method,
      (...args: unknown[]) => {
        calls.push({ method, arguments: args });
        return (answer as (...a: unknown[]) => unknown)(...args);
      },
    ]),
  ) as unknown as Engine;
  return { engine, calls };
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly calls: readonly Call[];
  readonly options: EngineOptions | undefined;
}

export interface Setting {
  readonly env?: Record<string, string>;
  readonly engine?: Partial<Engine>;
  readonly world?: Partial<Surroundings>;
  readonly signal?: AbortSignal;
  /** What the engine does when it is opened: emits events, for instance. */
  readonly opened?: (options: EngineOptions) => void;
}

/** Runs one command line against a fake engine. */
export async function haup(argv: readonly string[], setting: Setting = {}): Promise<Ran> {
  const out = paper();
  const err = paper();
  const { engine, calls } = fakeEngine(setting.engine);
  let options: EngineOptions | undefined;
  const world: Surroundings = {
    env: setting.env ?? {},
    home: '/home/op',
    out,
    err,
    interactive: false,
    ask: async () => '',
    now: () => Date.UTC(2026, 10, 21, 3, 0, 0),
    sleep: async () => {},
    every: () => () => {},
    crashed: new Promise(() => {}),
    openEngine: async (given) => {
      options = given;
      setting.opened?.(given);
      return engine;
    },
    ...setting.world,
  };
  const code = await run(argv, world, setting.signal ?? new AbortController().signal);
  return { code, out: out.text, err: err.text, calls, options };
}

export function standingOf(voters: number, change: Partial<Standing> = {}): Standing {
  const quorum = Math.floor(voters / 2) + 1;
  return {
    voters,
    learners: 0,
    quorum,
    healthy: voters,
    failuresTolerated: voters === 0 ? 0 : voters - quorum,
    hasQuorum: voters > 0,
    survivesAnyMachine: voters > 2,
    survivesAnyZone: false,
    ...change,
  };
}

export function planOf(steps: readonly Step[], change: Partial<Plan> = {}): Plan {
  return {
    steps: steps.map((step) => ({ step, before: standingOf(1), after: standingOf(1) })),
    blocked: [],
    warnings: [],
    interruption: null,
    begin: nothing,
    end: nothing,
    ...change,
  };
}

export function statusOf(change: Partial<StatusNow> = {}): StatusNow {
  return {
    cluster: 'demo',
    provider: 'local',
    region: 'local',
    multizone: false,
    backup: null,
    rotations: [],
    kubernetesVersion: 'v1.37.1',
    etcdVersion: 'v3.7.3',
    apiAddress: { ip: '198.18.0.10', port: 443, holder: { kind: 'machine', name: 'demo-master' } },
    loadBalancer: null,
    replicas: [
      {
        name: 'demo-master',
        zone: 'local-a',
        internalIp: '10.1.0.2',
        externalIp: '198.18.0.10',
        machine: 'running',
        apiServer: 'ready',
        unseen: null,
        etcd: { id: '1', role: 'leader', healthy: true, unknown: false },
        certificateExpires: '2027-11-20T00:00:00Z',
        revision: null,
        certificates: [],
        differences: [],
      },
    ],
    nodes: [],
    etcd: {
      voters: 1,
      learners: 0,
      quorum: 1,
      healthy: 1,
      failuresTolerated: 0,
      quorumIs: 'held',
      alarms: [],
    },
    converged: true,
    unfinished: [],
    warnings: [],
    guard: [],
    operation: null,
    ...change,
  };
}
