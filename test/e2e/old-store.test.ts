import { cp, rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { useClusters } from './support/clusters.ts';
import { E2E_HOME, haup, status, tryHaup } from './support/haup.ts';

const CLUSTER = 'e2e-old-store';
const on = ['-c', CLUSTER];
useClusters(CLUSTER);

test('an older copy of the store is recognised by what the cluster has become, and changes nothing', async () => {
  const copies = [`${E2E_HOME}-old-1`, `${E2E_HOME}-old-2`] as const;
  try {
    await haup('create', ...on, '--zone', 'local-a', '--multizone');
    await cp(E2E_HOME, copies[0], { recursive: true });
    const first = (await status(CLUSTER)).replicas[0]!.name;
    await haup('replace-replica', ...on, first);
    const after = await status(CLUSTER);

    // It knows the replica that has left, and not the one that has come.
    const repair = await tryHaup(['repair', ...on], { home: copies[0] });
    expect(repair).toMatchObject({ code: 3, stderr: expect.stringContaining('older copy') });
    expect(repair.stderr).toContain(after.replicas[0]!.name);

    // It knows all names there are; only the revision says that it is old.
    await cp(E2E_HOME, copies[1], { recursive: true });
    await haup('add-node', ...on, '--zone', 'local-a', '--dry-run'); // changes nothing, so it ages no copy
    await haup('add-replica', ...on, '--zone', 'local-b');
    await haup(
      'remove-replica',
      ...on,
      (await status(CLUSTER)).replicas.find((r) => r.zone === 'local-b')!.name,
    );
    const again = await tryHaup(['repair', ...on], { home: copies[1] });
    expect(again).toMatchObject({ code: 3, stderr: expect.stringMatching(/older copy .* revision \d+/) });

    expect(await status(CLUSTER)).toMatchObject({ converged: true, replicas: after.replicas });
  } finally {
    await Promise.all(copies.map((copy) => rm(copy, { recursive: true, force: true })));
  }
});
