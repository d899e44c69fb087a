import type { MemberOutcome } from '../../../app/federation/members.ts';
import { safe } from '../../output/safe.ts';
import { serialize } from '../../output/serialize.ts';
import type { Surroundings } from '../../surroundings.ts';

interface Printing {
  readonly world: Surroundings;
  readonly flags: { readonly dryRun: boolean; readonly output: 'text' | 'json' | 'yaml' };
  settle(): void;
}

/** Prints what a join or an unjoin did, or would do. */
export async function renderMembership(call: Printing, outcome: MemberOutcome, end: string): Promise<number> {
  call.settle();
  const { dryRun, output } = call.flags;
  const { out } = call.world;
  if (output !== 'text') {
    out.write(await serialize({ ...outcome, executed: !dryRun }, output));
    return 0;
  }
  const lines = outcome.steps.map((step) => `  ${safe(step)}`);
  const head = lines.length === 0 ? 'nothing to do' : dryRun ? 'would' : 'did';
  out.write(`${[head, ...lines, ...(dryRun ? [] : [end])].join('\n')}\n`);
  return 0;
}
