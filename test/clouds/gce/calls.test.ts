import { expect, it } from 'vitest';
import { countCalls } from './calls.ts';

it('takes at most half as many calls again as the API allows at least', async () => {
  const counts = await countCalls();
  for (const { operation, calls, polling, least, methods } of counts) {
    process.stdout.write(
      `figure: GCE calls: ${operation}: ${calls} (least ${least}), ${polling} of polling\n`,
    );
    expect({ operation, calls, methods, few: calls <= 1.5 * least }).toMatchObject({ few: true });
  }
});
