import { beforeEach, expect, test, vi } from 'vitest';
import type { Environment, OpenCluster } from '../../../src/app/operations.ts';
import { prepareRevision } from '../../../src/app/upgrade.ts';
import { finalized } from '../../../src/cluster/plan/upgrade.ts';
import { specOf } from '../../support/clusters.ts';

let uses: { resource: string; removedIn: number }[];
vi.mock('../../../src/kubernetes/deprecated.ts', () => ({ deprecatedUses: async () => uses }));
beforeEach(() => {
  uses = [];
});

const env = { signal: new AbortController().signal } as Environment;
const open = { world: { apiOn: async () => ({}) }, fetch: async () => {} } as unknown as OpenCluster;
const how = { dryRun: false, withoutBackup: false, surge: false };

const wayBack = { kubernetesVersion: 'v1.36.9', etcdVersion: 'v3.6.16' };
const upgradedSpec = specOf(['m0', 'm1'], { kubernetesVersion: 'v1.37.1', wayBack });

test('what the new minor does not serve may be used until it is finalized, and is looked for then', async () => {
  const finalize = () => prepareRevision(env, open, upgradedSpec, finalized(upgradedSpec)!, how);
  await finalize();
  uses = [{ resource: 'things.v1beta1.example.com', removedIn: 38 }];
  await finalize();
  uses = [{ resource: 'things.v1beta1.example.com', removedIn: 37 }];
  await expect(finalize()).rejects.toThrow(
    'somebody uses what v1.37.1 does not serve any more: things.v1beta1.example.com',
  );
});

test('a patch release that is finalized takes nothing away', async () => {
  uses = [{ resource: 'things.v1beta1.example.com', removedIn: 37 }];
  const patched = { ...upgradedSpec, wayBack: { ...wayBack, kubernetesVersion: 'v1.37.0' } };
  await prepareRevision(env, open, patched, finalized(patched)!, how);
});
