import { randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeProvider } from '../../contract/provider-suite.ts';
import type { ContractWorld } from '../../contract/support/contract-world.ts';
import { localWorld } from '../../contract/support/local-world.ts';
import { startRealizedAws } from './realized.ts';

const SERVER = new URL('../../contract/programs/ready-server.mjs', import.meta.url).pathname;

/** AWS with real machines: what the suite does on a machine is the same as on the local provider's. */
async function awsWorld(): Promise<ContractWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'awsx-world-'));
  await copyFile(process.execPath, join(folder, 'node'));
  await copyFile(SERVER, join(folder, 'ready-server.mjs'));
  const machines = await localWorld();
  const aws = await startRealizedAws({ binariesFolder: folder });
  return {
    newCluster: (suffix = '') => ({
      name: `lp-contract${suffix}`,
      uid: randomBytes(8).toString('hex'),
      region: aws.cloud.region,
      zone: `${aws.cloud.region}a`,
      apiPort: 443,
    }),
    open: (cluster, signal) => aws.open(cluster, signal),
    bootScript: machines.bootScript,
    run: machines.run,
    get: machines.get,
    inventory: async (cluster) => aws.inventory(cluster.uid),
    async close() {
      await aws.close();
      await machines.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describeProvider('AWS', awsWorld);
