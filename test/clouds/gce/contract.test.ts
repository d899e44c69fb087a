import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeProvider } from '../../contract/provider-suite.ts';
import type { ContractWorld } from '../../contract/support/contract-world.ts';
import { localWorld } from '../../contract/support/local-world.ts';
import { clusterNamed } from './harness.ts';
import { startRealizedGce } from './realized.ts';

const SERVER = new URL('../../contract/programs/ready-server.mjs', import.meta.url).pathname;
/** A quick cloud: what is slow about it is tried in simulated time. */
const DELAYS = {
  default: 100,
  'forwardingRules.insert': 800,
  'forwardingRules.delete': 800,
  'instances.insert': 300,
  'instances.delete': 300,
  'instances.start': 300,
  'instances.addAccessConfig': 150,
  'instances.deleteAccessConfig': 150,
  guestAgent: 300,
  firstProbes: 300,
};

/** Compute Engine with real machines: what the suite does on a machine is the same as on the local provider's. */
async function gceWorld(): Promise<ContractWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'gcex-world-'));
  await copyFile(process.execPath, join(folder, 'node'));
  await copyFile(SERVER, join(folder, 'ready-server.mjs'));
  const machines = await localWorld();
  const gce = await startRealizedGce({ binariesFolder: folder, delays: DELAYS });
  return {
    newCluster: (suffix = '') => clusterNamed(`lp-contract${suffix}`),
    open: (cluster, signal) => gce.open(cluster, signal),
    bootScript: machines.bootScript,
    run: machines.run,
    get: machines.get,
    inventory: async () => [...gce.cloud.store.paths(), ...gce.machines.machines()],
    async close() {
      await gce.close();
      await machines.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describeProvider('Google Compute Engine', gceWorld);
