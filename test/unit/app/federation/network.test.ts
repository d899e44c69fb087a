import { expect, test } from 'vitest';
import { connectSteps, disconnectSteps, type OwnNetwork } from '../../../../src/app/federation/network.ts';

/** A network that remembers its groups, as the local provider's does. */
function network(
  cluster: string,
  over: Partial<OwnNetwork> = {},
  isWhole = () => true,
): OwnNetwork & { readonly in: string[] } {
  const joined: string[] = [];
  const groups = {
    list: async () => [...joined],
    inForce: async () => isWhole(),
    join: async (group: string) => void joined.push(group),
    leave: async (group: string) => void joined.splice(joined.indexOf(group), 1),
  };
  return {
    cluster,
    uid: `uid-of-${cluster}`,
    provider: 'local',
    reachesOthers: false,
    groups,
    in: joined,
    ...over,
  };
}

const cloud = { provider: 'gce', reachesOthers: true, groups: null };

test('both sides join the federation’s group, once', async () => {
  const [world, eu] = [network('world'), network('eu')];
  const steps = await connectSteps(world, 'eu', eu);
  expect(steps.map(({ text }) => text)).toEqual([
    "let the network of world reach the APIs and Services of the federation's clusters",
    "let the network of eu reach the APIs and Services of the federation's clusters",
  ]);
  expect([world.in, eu.in]).toEqual([[], []]);
  for (const step of steps) await step.run();
  expect([world.in, eu.in]).toEqual([['uid-of-world'], ['uid-of-world']]);
  expect(await connectSteps(world, 'eu', eu)).toEqual([]);
  expect(await connectSteps(world, 'us', network('us'))).toHaveLength(1);
});

test('what was cut off is finished, on either way', async () => {
  let isWhole = false;
  const eu = network('eu', {}, () => isWhole);
  const world = network('world');
  world.in.push(world.uid);
  eu.in.push(world.uid);
  expect(await connectSteps(world, 'eu', eu)).toHaveLength(1);
  eu.in.length = 0;
  expect(await disconnectSteps(world, eu)).toHaveLength(1);
  isWhole = true;
  expect(await disconnectSteps(world, eu)).toEqual([]);
});

test('where machines reach other clusters there is nothing to do', async () => {
  expect(await connectSteps(network('world', cloud), 'eu', network('eu', cloud))).toEqual([]);
  expect(await connectSteps(network('world', cloud), 'eu', null)).toEqual([]);
  expect(await disconnectSteps(network('world', cloud), network('eu', cloud))).toEqual([]);
});

test.each([
  ['a member of no provider', network('world'), null, 'local'],
  ['a member of another provider', network('world'), network('eu', cloud), 'local'],
  ['a closed member of an open federation', network('world', cloud), network('eu'), 'local'],
  ['networks that cannot join', network('world', { groups: null }), network('eu', { groups: null }), 'local'],
])('%s is refused in words', async (_, world, member, closed) => {
  await expect(connectSteps(world, 'eu', member)).rejects.toThrow(
    `the masters of world cannot reach eu: what the ${closed} provider makes reaches its own clusters alone`,
  );
});

test('who leaves leaves that group alone', async () => {
  const [world, eu] = [network('world'), network('eu')];
  eu.in.push('another', 'uid-of-world');
  const steps = await disconnectSteps(world, eu);
  expect(steps.map(({ text }) => text)).toEqual([
    "cut the network of eu off from those of the federation's clusters",
  ]);
  await steps[0]!.run();
  expect(eu.in).toEqual(['another']);
  expect(await disconnectSteps(world, eu)).toEqual([]);
});
