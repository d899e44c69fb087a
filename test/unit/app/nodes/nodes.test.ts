import { expect, test, vi } from 'vitest';
import { addNodes, replaceNodes } from '../../../../src/app/nodes/nodes.ts';
import type { Environment, OpenCluster } from '../../../../src/app/operations.ts';
import { defaultDrain } from '../../../../src/cluster/plan/decision.ts';
import { converged, planFor, specOf } from '../../../support/clusters.ts';

const spec = specOf(['m0@local-a'], { nodes: [{ name: 'n0', zone: 'local-a' }], usedNames: ['m0', 'n0'] });

/** A cluster with one node, on a host that lacks what another one needs. */
function cluster() {
  const masters = converged({ ...spec, nodes: [] });
  const nodes = { ...masters.nodes, routes: [], serviceNodes: [], objects: [] };
  const observation = planFor(spec, { ...masters, nodes }).end;
  const save = vi.fn(async () => {});
  const world = { spec: () => spec, observe: async () => observation, save, interruption: () => ({}) };
  const provider = { zones: async () => ['local-a', 'local-b'] };
  const supplies = vi.fn(() => Promise.reject(new Error('echo.tar is no archive of container images')));
  const open = { world, provider, supplies } as unknown as OpenCluster;
  const env = {
    ...{ emit: () => {}, now: () => 0, reads: false, signal: new AbortController().signal },
    locked: (_: string, __: string, work: (open: OpenCluster) => unknown) => work(open),
  } as unknown as Environment;
  return { env, save, supplies };
}

test.each([
  ['add-node', (env: Environment) => addNodes(env, 'demo', ['local-b'], false)],
  ['replace-node', (env: Environment) => replaceNodes(env, 'demo', ['n0'], defaultDrain, false)],
])('%s wishes for no node before everything is there for it', async (_, work) => {
  const { env, save, supplies } = cluster();
  await expect(work(env)).rejects.toThrow(/echo\.tar is no archive/);
  expect(supplies).toHaveBeenCalledOnce();
  expect(save).not.toHaveBeenCalled();
});

test('what is refused anyway gets nothing first', async () => {
  const { env, supplies } = cluster();
  await expect(replaceNodes(env, 'demo', ['n7'], defaultDrain, false)).rejects.toThrow(/n7/);
  expect(supplies).not.toHaveBeenCalled();
});
