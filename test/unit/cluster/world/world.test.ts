import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ClusterMemory, clusterStateSchema, noHistory } from '../../../../src/cluster/world/memory.ts';
import { openWorld, type WorldParts } from '../../../../src/cluster/world/world.ts';
import { openStore } from '../../../../src/state/open.ts';
import { storeUrl } from '../../../../src/state/url.ts';
import { specOf } from '../../../support/clusters.ts';

test('a change counts as begun from when the store has it, also if the command is stopped before the masters are told', async () => {
  const home = mkdtempSync(join(tmpdir(), 'haup-world-'));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const store = openStore(storeUrl(home), clusterStateSchema);
  await store.create('demo', { spec: specOf(['m0']), history: noHistory, pins: {} });
  const { value, revision } = (await store.read('demo'))!;
  const said: string[] = [];
  const open = () =>
    openWorld({
      memory: new ClusterMemory(store, value, revision),
      signal: AbortSignal.abort(new Error('stopped')),
      emit: ({ type }) => said.push(type),
    } as Partial<WorldParts> as WorldParts);
  const [world, outrun] = [open(), open()];

  const more = specOf(['m0', 'm1']);
  await expect(world.save(more)).rejects.toThrow('stopped');
  expect([(await store.read('demo'))?.value.spec, said]).toEqual([more, ['change-saved']]);
  await expect(outrun.save(specOf(['m0', 'm2']))).rejects.toMatchObject({ name: 'StoreError' });
  expect(said).toHaveLength(1);
});
