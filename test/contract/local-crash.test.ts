import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ClusterIdentity } from '../../src/providers/provider.ts';
import type { ContractWorld } from './support/contract-world.ts';
import { localWorld } from './support/local-world.ts';
import { knock } from './support/stream.ts';

const PROGRAM = new URL('programs/create-machine.ts', import.meta.url).pathname;

let world: ContractWorld;
beforeAll(async () => {
  world = await localWorld('lp-crash');
});
afterAll(() => world.close());

function start(cluster: ClusterIdentity): ChildProcess {
  const args = ['--import', 'tsx', PROGRAM, JSON.stringify(cluster)];
  return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** The program's whole life is cut at moments spread over the part that begins with its saying `word`. */
async function killAfter(cluster: ClusterIdentity, word: string, ms: number): Promise<void> {
  const child = start(cluster);
  let said = '';
  for await (const chunk of child.stdout!) {
    said += chunk;
    if (said.includes(word)) break;
  }
  await delay(ms);
  const ended = child.exitCode === null ? once(child, 'exit') : null;
  child.kill('SIGKILL');
  await ended;
}

const moments = [0, 10, 25, 50, 90, 140, 200, 300];

test.each(moments)(
  'killed %i ms into a creation, the same creation finishes, and delete leaves nothing',
  async (ms) => {
    const cluster = world.newCluster();
    await killAfter(cluster, 'creating', ms);
    const provider = world.open(cluster);
    await provider.network.ensure();
    await provider.address.reserve();
    const bootScript = await world.bootScript(cluster, 'lp-cut');
    await provider.machines.create({
      name: 'lp-cut',
      role: 'master',
      zone: 'local-b',
      bootScript,
      requestToken: 't',
    });
    const [machine] = await provider.machines.list();
    expect(machine).toMatchObject({ name: 'lp-cut', state: 'running' });
    expect(machine?.sshHost).not.toBeNull();
    while ((await knock(machine!.sshHost!, 22)) !== 'connected') await delay(50);
    await provider.machines.delete('lp-cut');
    await provider.balancer.delete();
    await provider.address.release();
    await provider.network.delete();
    expect(await world.inventory(cluster)).toEqual([]);
  },
);

test.each(moments)('killed %i ms into a creation, network.delete alone leaves nothing', async (ms) => {
  const cluster = world.newCluster();
  await killAfter(cluster, 'creating', ms);
  await world.open(cluster).network.delete();
  expect(await world.inventory(cluster)).toEqual([]);
});

test.each(moments)('killed %i ms into a deletion, the same deletion finishes', async (ms) => {
  const cluster = world.newCluster();
  await killAfter(cluster, 'deleting', ms);
  const provider = world.open(cluster);
  for (const machine of await provider.machines.list()) await provider.machines.delete(machine.name);
  await provider.balancer.delete();
  await provider.address.release();
  await provider.network.delete();
  expect(await world.inventory(cluster)).toEqual([]);
});
