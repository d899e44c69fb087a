import { expect, test } from 'vitest';
import { nextPhase } from '../../../../src/app/rotation/next-phase.ts';
import { ROTATED } from '../../../../src/cluster/model/rotated.ts';
import { makeGeneration } from '../../../../src/cluster/world/keys.ts';
import { specOf } from '../../../support/clusters.ts';
import { memorySecrets } from '../../../support/memory-secrets.ts';

const begin = { what: ['service-account', 'encryption'], finish: false, begin: true } as const;

test('a key of a rotation that was given up is not used again, since it may have been on machines', async () => {
  const secrets = memorySecrets();
  const spec = specOf(['m0']);
  for (const generation of [2, 3]) await makeGeneration(secrets, 'encryption', generation, 'demo');
  expect((await nextPhase(secrets, spec, begin))?.generations).toEqual({
    'service-account': [1, 2],
    encryption: [1, 4],
  });
});

test('what is under way goes on with the key that the cluster knows', async () => {
  const secrets = memorySecrets();
  const generations = { encryption: [1, 4], 'service-account': [2] };
  for (const generation of [2, 3, 4]) await makeGeneration(secrets, 'encryption', generation, 'demo');
  await makeGeneration(secrets, 'service-account', 2, 'demo');
  const next = await nextPhase(secrets, specOf(['m0'], { generations }), begin);
  expect(next?.generations).toEqual({ encryption: [4, 1], 'service-account': [2, 3] });
});

test('nothing is begun that is only to be ended', async () => {
  const wish = { what: ROTATED, finish: true, begin: false };
  expect(await nextPhase(memorySecrets(), specOf(['m0']), wish)).toBeUndefined();
});
