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
  const stays = outcome.stays ?? [];
  const left = stays.length === 0 ? [] : [`should ${safe(outcome.cluster)} come back, there is still in it:`];
  const way =
    stays.length === 0
      ? []
      : [
          'its marks and its account go when it is joined and unjoined once more, with --cascade its objects too',
        ];
  const rest = [...left, ...stays.map((one) => `  ${safe(one)}`), ...way];
  out.write(`${[head, ...lines, ...(dryRun ? [] : [end]), ...rest].join('\n')}\n`);
  return 0;
}
