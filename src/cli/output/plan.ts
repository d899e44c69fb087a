import type { Plan } from '../../cluster/plan/plan.ts';
import type { Standing } from '../../cluster/plan/standing.ts';
import { describe } from '../../cluster/plan/step.ts';
import { remedyList } from '../../util/remedy.ts';
import { sayRemedy } from './remedy.ts';
import { safe, safeAll } from './safe.ts';
import type { Style } from './style.ts';
import { table } from './table.ts';
import { counted, figure } from './words.ts';

/** A plan for people: each step with etcd's standing before and after it, then what to know of the whole. */
export function renderPlan(cluster: string, made: Plan, style: Style): string[] {
  const plan = safeAll(made);
  if (plan.steps.length === 0 && plan.blocked.length === 0) {
    return [`${cluster}: nothing to do`, ...warningLines(plan, style)];
  }
  const rows = plan.steps.map(({ step, before, after }, index) => [
    String(index + 1).padStart(3),
    describe(step),
    change(voters(before), voters(after)),
    change(quorum(before), quorum(after)),
    change(String(before.failuresTolerated), String(after.failuresTolerated)),
    change(survives(before), survives(after)),
  ]);
  const head = ['  #', 'STEP', 'VOTERS', 'QUORUM', 'TOLERATES', 'SURVIVES ANY'].map(style.bold);
  const refused = plan.blocked.length > 0;
  const title = `${cluster}: ${counted(plan.steps.length, 'step')}${refused ? ', then refused' : ''}; nothing was changed`;
  const notes = [
    ...(plan.backupFirst ? ['Before the first step a backup is taken.'] : []),
    ...interruptionLines(plan),
    ...warningLines(plan, style),
    ...plan.blocked.flatMap(({ message, advice }) => [
      style.bad(`refused: ${safe(message)}`),
      ...remedyList(advice).map((remedy) => `  ${safe(sayRemedy(remedy, { cluster }))}`),
    ]),
  ];
  return [
    style.bold(title),
    ...(rows.length > 0 ? table([head, ...rows]) : []),
    ...(notes.length > 0 ? ['', ...notes] : []),
  ];
}

/** The same for programs. */
export function planDocument(plan: Plan): object {
  return {
    steps: plan.steps.map(({ step, before, after }) => ({
      step,
      description: describe(step),
      before,
      after,
    })),
    blocked: plan.blocked.map(({ advice, ...blocked }) => ({
      ...blocked,
      advice: remedyList(advice)
        .map((remedy) => sayRemedy(remedy, {}))
        .join('; '),
    })),
    warnings: plan.warnings,
    interruption: plan.interruption,
    backupFirst: plan.backupFirst != null,
  };
}

function change(before: string, after: string): string {
  return before === after ? after : `${before} → ${after}`;
}

function voters({ voters, healthy, learners }: Standing): string {
  const count = healthy === voters ? String(voters) : `${voters} (${healthy} healthy)`;
  return learners > 0 ? `${count} + ${counted(learners, 'learner')}` : count;
}

function quorum({ voters, quorum: needed }: Standing): string {
  return voters === 0 ? '–' : String(needed);
}

function survives({ survivesAnyMachine, survivesAnyZone }: Standing): string {
  return survivesAnyZone ? 'machine or zone' : survivesAnyMachine ? 'machine' : '–';
}

function interruptionLines({ interruption, steps }: Plan): string[] {
  if (interruption === null) {
    const moves = steps.some(({ step }) => step.kind === 'hand-over' || step.kind === 'release-address');
    return moves ? [] : ['The API address does not move.'];
  }
  const { expectedSeconds, worstSeconds, note } = interruption;
  const how = `about ${figure(expectedSeconds)} s, at worst ${figure(worstSeconds)} s`;
  return [`The API address moves: clients are without it for ${how}.${note ? ` ${safe(note)}` : ''}`];
}

function warningLines(plan: Plan, style: Style): string[] {
  return plan.warnings.map((warning) => style.warn(`warning: ${safe(warning)}`));
}
