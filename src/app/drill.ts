import { InputError, Refusal } from '../cluster/model/errors.ts';
import { type ActName, acts } from '../drill/acts.ts';
import type { Arena } from '../drill/arena.ts';
import type { Workload } from '../drill/clients/workload.ts';
import { type Goal, isAboutWorkload } from '../drill/goals.ts';
import { makeLog } from '../drill/make-log.ts';
import { type PlannedAct, planDrill } from '../drill/plan.ts';
import { runDrill } from '../drill/run.ts';
import { newSealingKey, type SealedReport, seal } from '../drill/seal.ts';
import { ills } from '../drill/well.ts';
import type { Secrets } from '../state/store.ts';
import { packageVersion } from '../util/package-root.ts';
import type { Environment, OpenCluster } from './operations.ts';
import { strike } from './strike.ts';

export interface DrillRequest {
  readonly cluster: string;
  readonly acts: readonly ActName[];
  /** How long what is hurt stays so. */
  readonly holdMs: number;
  readonly goals: readonly Goal[];
  /** What of the workload is asked meanwhile; null: nothing. Default: pods of the drill's own, where it can have some. */
  readonly workload?: URL | null | undefined;
  readonly dryRun: boolean;
}

export interface DrillOutcome {
  readonly planned: readonly PlannedAct[];
  /** Null in a dry run. */
  readonly report: SealedReport | null;
}

const SEALING_KEY = 'drill-sealing-key';

/** Breaks things on purpose, one after the other, and measures what clients meet; within `limitMs`, which ends it wherever it is. */
export function drill(
  env: Environment,
  secrets: Secrets,
  request: DrillRequest,
  limitMs: number,
): Promise<DrillOutcome> {
  refuseTooLong(request, limitMs);
  return env.locked(request.cluster, 'drill', async (open) => {
    const { world } = open;
    const arena = arenaOf(env, open);
    const observation = await world.observe();
    const planned = planDrill(request.acts, observation, arena.means);
    const workload = workloadOf(request, open);
    if (request.dryRun) return { planned, report: null };
    refuseUnsafe(request.cluster, planned);
    refuseIll(request.cluster, ills(world.spec(), observation));
    const { emit, signal } = env;
    const { acts, holdMs, goals } = request;
    // Without it there would be no report of what was done.
    const key = await sealingKey(secrets);
    const seen = await runDrill(arena, { acts, holdMs, workload, emit, signal });
    const log = makeLog(seen, { spec: world.spec(), haup: packageVersion(), holdMs, goals });
    return { planned, report: seal(log, key) };
  });
}

/** Pods of the drill's own are asked at a Service's address: on the clouds that is their controller's to give, and costs. */
function workloadOf(
  { cluster, workload, goals }: DrillRequest,
  { world, provider }: OpenCluster,
): Workload | null {
  const onNodes = world.spec().nodes.map(({ name }) => name);
  const own = provider.services !== undefined && onNodes.length > 0 ? { onNodes } : null;
  const asked = workload === undefined ? own : workload;
  const [goal] = goals.filter(isAboutWorkload);
  if (asked !== null || goal === undefined) return asked;
  throw new InputError(`${goal.goal} is wanted, and nothing that runs on ${cluster} is asked`, {
    advice: {
      to: 'name what is to be asked',
      setting: 'workload',
      example: 'https://shop.example.com/healthz',
    },
  });
}

/** The key that a cluster's reports are signed with; null: none was signed yet. A secret. */
export function knownSealingKey(secrets: Secrets): Promise<string | null> {
  return secrets.get(SEALING_KEY);
}

async function sealingKey(secrets: Secrets): Promise<string> {
  return (await knownSealingKey(secrets)) ?? secrets.putIfAbsent(SEALING_KEY, newSealingKey());
}

/** What a time limit ends in the middle of an act stays hurt until somebody repairs it. */
function refuseTooLong({ acts: names, holdMs }: DrillRequest, limitMs: number): void {
  const ms = names.reduce((sum, name) => sum + (acts[name].holdMs ?? holdMs), 0);
  if (ms < limitMs) return;
  const minutes = (of: number): string => `${Math.round(of / 6000) / 10} min`;
  const example = `${Math.ceil(ms / 3_600_000) + 1}h`;
  throw new InputError(
    `these acts alone last ${minutes(ms)}, and the time limit of ${minutes(limitMs)} would end the drill in the middle of one`,
    { advice: { to: 'give it more time', setting: 'timeout', example } },
  );
}

function refuseUnsafe(cluster: string, planned: readonly PlannedAct[]): void {
  const refused = planned.filter((act) => act.refused !== null);
  if (refused.length === 0) return;
  const good = planned.filter((act) => act.refused === null).map(({ act }) => act);
  const reasons = refused.map(({ act, refused: reason }) => `${act}: ${reason}`);
  throw new Refusal(
    `${cluster} would not survive this drill, and nothing was done: ${reasons.join('; ')}`,
    good.length > 0 ? { to: 'play what it survives', setting: 'acts', example: good.join(',') } : [],
  );
}

function refuseIll(cluster: string, [first, ...more]: readonly string[]): void {
  if (first === undefined) return;
  const others = more.length > 0 ? `; and ${more.length} more` : '';
  throw new Refusal(`${cluster} is not well, and nothing was done to it: ${first}${others}`, [
    { to: 'make it well first', command: 'repair', cluster },
    { to: 'see what it lacks', command: 'status', cluster },
  ]);
}

function arenaOf({ signal }: Environment, { world, provider }: OpenCluster): Arena {
  return {
    spec: world.spec,
    observe: () => world.observe(),
    execute: (step) =>
      world.execute(
        step,
        () => {},
        async () => {},
      ),
    api: world.api,
    rememberDrill: world.rememberDrill,
    drill: world.drill,
    strike: (wounds) => strike({ world, provider }, wounds, signal),
    witnessed: { etcd: world.etcd, address: provider.address },
    means: {
      provider: provider.name,
      power:
        provider.fault !== undefined || (provider.machines.stop && provider.machines.reset) !== undefined,
      machines: provider.fault !== undefined,
      balancer: provider.faultBalancer !== undefined,
    },
  };
}
