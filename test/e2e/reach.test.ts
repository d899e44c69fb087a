import { beforeAll, expect, test } from 'vitest';
import { whole } from '../support/whole.ts';
import { adminOf, useClusters } from './support/clusters.ts';
import { haup, status, tryHaup } from './support/haup.ts';
import { inNetwork } from './support/inside.ts';

/** Everything is in its place, and the way to it is closed by somebody else. */
const CLUSTER = 'e2e-reach';
useClusters(CLUSTER);

let ip: string;

beforeAll(async () => {
  if (!whole) return;
  await haup('create', '-c', CLUSTER, '--zone', 'local-a');
  ({ ip } = await adminOf(CLUSTER));
});

test.runIf(whole)('a cluster whose API does not answer at its address is never called well', async () => {
  expect(await status(CLUSTER)).toMatchObject({ converged: true, warnings: [] });
  await inNetwork(CLUSTER, 'nft', 'add table inet stranger');
  await inNetwork(
    CLUSTER,
    'nft',
    'add chain inet stranger wall { type filter hook prerouting priority -350; }',
  );
  await inNetwork(CLUSTER, 'nft', `add rule inet stranger wall ip daddr ${ip} tcp dport 443 drop`);

  const closed = await status(CLUSTER);
  expect(closed.warnings).toEqual([
    expect.stringContaining(`the API does not answer at https://${ip}:443: `),
  ]);
  const repair = await tryHaup(['repair', '-c', CLUSTER]);
  expect([repair.code, repair.stderr]).toEqual([
    5,
    expect.stringContaining('haup: could not reach the API, although every step is done'),
  ]);
  await inNetwork(CLUSTER, 'nft', 'delete table inet stranger');
  await haup('repair', '-c', CLUSTER);
  expect(await status(CLUSTER)).toMatchObject({ converged: true, warnings: [] });
});
