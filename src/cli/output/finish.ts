import type { Outcome } from '../../app/engine.ts';
import type { Step } from '../../cluster/plan/step.ts';
import type { Surroundings } from '../surroundings.ts';
import { planDocument, renderPlan } from './plan.ts';
import { type About, spelled } from './remedy.ts';
import { serialize } from './serialize.ts';
import { style } from './style.ts';
import { renderSummary } from './summary.ts';

/** What it needs of a a call. */
interface Finishing {
  readonly command: string;
  readonly about: About;
  readonly world: Surroundings;
  readonly flags: { readonly cluster: string; readonly output: 'text' | 'json' | 'yaml' };
  finished(): Step[];
  settle(): void;
}

/** Prints what a changing command did, or would do. Returns the exit code: 3 where the plan would be refused, 5 where something was left undone. */
export async function finish(call: Finishing, outcome: Outcome): Promise<number> {
  call.settle();
  const { out } = call.world;
  const { cluster, output } = call.flags;
  const { executed, status, availability, seconds, plan } = outcome;
  if (output !== 'text') {
    out.write(
      await serialize(
        {
          executed,
          plan: planDocument(plan),
          status: status && spelled(status, call.about),
          availability,
          seconds,
        },
        output,
      ),
    );
  } else {
    const lines = executed
      ? renderSummary(call.command, { ...call.about, cluster }, outcome, call.finished(), style(out))
      : renderPlan(cluster, plan, style(out));
    out.write(`${lines.join('\n')}\n`);
  }
  if (!executed) return plan.blocked.length > 0 ? 3 : 0;
  return status && !status.converged ? 5 : 0;
}
