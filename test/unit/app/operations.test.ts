import { expect, test, vi } from 'vitest';
import { changed, type Environment, type OpenCluster } from '../../../src/app/operations.ts';
import { Refusal } from '../../../src/cluster/model/errors.ts';
import type { ClusterSpec } from '../../../src/cluster/model/spec.ts';
import { withReplicas } from '../../../src/cluster/plan/spec-changes.ts';
import { converged, nameOf, noInterruption, specOf } from '../../support/clusters.ts';

const one = specOf(['m0']);

/** A cluster of one in which every step fails. @returns how often it was sealed, and the words of the error. */
async function grow({ dryRun = false, refused = false, deleting = false } = {}) {
  let spec: ClusterSpec = one;
  const sealed = vi.fn(async () => {});
  const world = {
    spec: () => spec,
    observe: async () => converged(one),
    interruption: () => noInterruption,
    wantedBy: async () => ({}),
    save: async (next: ClusterSpec) => {
      spec = next;
    },
    execute: () => Promise.reject(new Error('the cloud said no')),
    commands: () => 0,
    sealed,
  };
  const env = { emit: () => {}, now: () => 0, reads: false, signal: new AbortController().signal };
  const change = () => {
    if (refused) throw new Refusal('no', []);
    return deleting ? { ...one, deleting } : withReplicas(one, ['local-a'], nameOf);
  };
  const failed = await changed(env as unknown as Environment, { world } as unknown as OpenCluster, change, {
    dryRun,
  }).then(() => null, String);
  return { sealed: sealed.mock.calls.length, failed };
}

test('what a change that failed has left in the store goes with the next backups', async () => {
  expect(await grow()).toEqual({ sealed: 1, failed: expect.stringContaining('the cloud said no') });
});

test('what was refused, or only looked at, or is to be deleted, is sealed for nobody', async () => {
  expect(await grow({ refused: true })).toEqual({ sealed: 0, failed: expect.stringContaining('no') });
  expect(await grow({ dryRun: true })).toEqual({ sealed: 0, failed: null });
  expect(await grow({ deleting: true })).toMatchObject({ sealed: 0 });
});
