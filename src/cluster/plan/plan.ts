import type { Interruption } from '../../providers/provider.ts';
import type { Observation } from '../model/observation.ts';
import { type ClusterSpec, type Rescue, replicaZones } from '../model/spec.ts';
import type { Blocked, Policy } from './decision.ts';
import { next } from './next.ts';
import { risksOf } from './rotation.ts';
import { type Standing, standing } from './standing.ts';
import type { Step } from './step.ts';
import { simulate } from './step.ts';

export interface PlannedStep {
  readonly step: Step;
  readonly before: Standing;
  readonly after: Standing;
}

/** Everything that a command would do, in an order that it could happen in. */
export interface Plan {
  readonly steps: readonly PlannedStep[];
  /** Not empty: the command is refused (exit code 3). */
  readonly blocked: readonly Blocked[];
  readonly warnings: readonly string[];
  /** How long the API address will not answer, in seconds; null when it does not move. */
  readonly interruption: {
    readonly expectedSeconds: number;
    readonly worstSeconds: number;
    readonly note: string | null;
  } | null;
  /** What is. */
  readonly begin: Observation;
  /** What will be. */
  readonly end: Observation;
  /** A backup is taken before the first step. */
  readonly backupFirst?: BackupFirst;
}

/**
 * Whether a backup goes before a plan, where there are any. `tried`: what is replaced may be why none can be taken, so that stops nothing.
 * `needed`: everybody has to be well for it anyway, and what new programs or keys make of the data may be the reason to want the old.
 */
export type BackupFirst = 'needed' | 'tried' | null;

/** More steps than any plan for nine replicas and these nodes has: reaching it is a defect of ours, not a long plan. */
function tooMany({ nodes }: ClusterSpec, from: Observation): number {
  return 300 + 10 * (nodes.length + from.nodes.machines.length + (from.nodes.objects?.length ?? 0));
}

export interface PlanOptions {
  readonly policy?: Policy;
  /** The provider's own figures for moving the address. */
  readonly interruption: Interruption;
}

/** `next` and `simulate` run against each other until nothing is left: a dry run is what a run would do. Pure. */
export function makePlan(spec: ClusterSpec, from: Observation, options: PlanOptions): Plan {
  const steps: PlannedStep[] = [];
  const most = tooMany(spec, from);
  let at = from;
  for (;;) {
    const decision = next(spec, at, options.policy);
    if (decision.steps.length === 0) {
      return {
        steps,
        blocked: decision.blocked,
        warnings: spec.deleting ? [] : warningsOf(spec, from, steps, options.interruption),
        interruption: interruptionOf(from, steps, options.interruption),
        begin: from,
        end: at,
      };
    }
    for (const step of decision.steps) {
      const after = simulate(step, at);
      steps.push({ step, before: standing(at), after: standing(after) });
      at = after;
    }
    if (steps.length > most) {
      throw new Error(`the plan does not end; its last step is ${JSON.stringify(steps.at(-1)?.step)}`);
    }
  }
}

function warningsOf(
  spec: ClusterSpec,
  from: Observation,
  steps: readonly PlannedStep[],
  figures: Interruption,
): string[] {
  const warnings: string[] = risksOf(spec);
  if (
    spec.rescue &&
    steps.some(({ step }) => step.kind === 'force-new-cluster' || step.kind === 'restore-etcd')
  ) {
    warnings.push(...lossesOf(spec.rescue));
  }
  const count = spec.replicas.length;
  if (count === 2) {
    warnings.push(
      'two replicas are worse than one: both are needed for every write, so either failure stops the API; add a third (--count 2 adds two at once)',
    );
  } else if (count % 2 === 0) {
    warnings.push(`${count} replicas tolerate no more failures than ${count - 1}`);
  }
  if (count > 1 && replicaZones(spec).length === 1) {
    warnings.push(
      `all replicas are in ${spec.replicas[0]!.zone}: the cluster does not survive the loss of that zone`,
    );
  }
  const before = standing(from);
  const thin = steps.find((s) => s.after.voters === 2 && s.before.voters === 1);
  if (thin && count > 2) {
    warnings.push(
      'between the promotion of the second voter and of the third, both of two voters are needed',
    );
  }
  const changes = count === 1 && steps.some(({ step }) => step.kind === 'change-release');
  if (changes && steps.some(({ step }) => stopsApiServer(step))) {
    warnings.push(`the only API server starts again: ${inPlaceOrNot(figures)}`);
  }
  if (spec.change?.surge && steps.length > 0) {
    warnings.push(`a successor takes the address over: ${inPlaceOrNot(figures)}`);
  }
  const weakest = Math.min(...steps.map((s) => s.after.failuresTolerated));
  if (weakest < before.failuresTolerated && count > 2) {
    warnings.push(`on the way no more than ${weakest} failure${weakest === 1 ? ' is' : 's are'} tolerated`);
  }
  return warnings;
}

function stopsApiServer(step: Step): boolean {
  return step.kind === 'stop-api-server' || 'inPlace' in step;
}

/** What was measured of both is in docs/upgrade.md. */
function inPlaceOrNot({ replacement: [expected] }: Interruption): string {
  const successor = expected < 1 ? 'less than a second' : `about ${expected} s`;
  return `nobody is answered for some three to ten seconds in place, for ${successor} by a successor that takes the address over`;
}

function lossesOf({ survivor, heard, backup }: Rescue): string[] {
  const since = heard ? `after ${heard}` : 'and it had not received';
  const told =
    'afterwards restart kubelets, kube-proxies and operators: whoever saw a lost write believes to be ahead';
  if (backup) return [`etcd starts again from the backup ${backup.id}: writes ${since} are lost for ever`];
  return [
    `${survivor} becomes a cluster of one: writes that the others accepted ${since} are lost for ever`,
    told,
  ];
}

function interruptionOf(
  from: Observation,
  steps: readonly PlannedStep[],
  figures: Interruption,
): Plan['interruption'] {
  let holder = from.address?.holder;
  let expected = 0;
  let worst = 0;
  let moves = 0;
  for (const { step } of steps) {
    if (step.kind !== 'hand-over') continue;
    if (holder && holder.kind !== 'nobody') {
      const kind =
        step.to.kind === 'balancer' ? 'promotion' : holder.kind === 'balancer' ? 'demotion' : 'replacement';
      expected += figures[kind][0];
      worst += figures[kind][1];
      moves += 1;
    }
    holder = step.to;
  }
  if (moves === 0) return null;
  return { expectedSeconds: expected, worstSeconds: worst, note: figures.note };
}
