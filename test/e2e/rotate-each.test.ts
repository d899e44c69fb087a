import { beforeAll, describe, expect, test } from 'vitest';
import { ROTATED } from '../../src/cluster/model/rotated.ts';
import { clientsFirst } from './support/clients-first.ts';
import { adminOf, useClusters } from './support/clusters.ts';
import { haup, status } from './support/haup.ts';
import { prepareForClients } from './support/many-clients.ts';
import { unnoticed } from './support/unnoticed.ts';

/** One after the other, each by itself, twenty minutes: `npm run test:rotate-each`. All at once: rotate.test.ts. */
const wanted = process.env.HAUP_TEST_ROTATE === 'each';
const CLUSTER = 'e2e-rotate-each';
if (wanted) useClusters(CLUSTER);
if (wanted) beforeAll(clientsFirst);

describe.runIf(wanted)('three masters under clients', () => {
  beforeAll(async () => {
    await haup('create', '-c', CLUSTER, '--zones', 'local-a,local-b,local-c', '--multizone');
    await prepareForClients(await adminOf(CLUSTER));
  });

  test.each(ROTATED)('rotate %s, and its end, and nobody notices', async (what) => {
    await unnoticed(await adminOf(CLUSTER), what, ['rotate', CLUSTER, what]);
    const { rotations } = await status(CLUSTER);
    // Some have nobody to wait for.
    if (rotations.length === 0) return;
    expect(rotations).toMatchObject([{ what, phase: 'new' }]);
    await unnoticed(await adminOf(CLUSTER), `${what} finish`, [
      'rotate',
      CLUSTER,
      '--finish',
      '--force',
      what,
    ]);
    expect((await status(CLUSTER)).rotations).toEqual([]);
  });
});
