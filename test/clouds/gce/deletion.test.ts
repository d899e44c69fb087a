import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seeded } from '../../support/seeded.ts';
import { converge, want } from '../shared/story.ts';
import { clusterNamed, type Harness, startGce, ZONES } from './harness.ts';
import { deleteManually } from './manual-deletion.ts';
import { unusual, usual } from './rules.ts';

const [b, c, d] = ZONES;
const SEED = Number(process.env.HAUP_SEED ?? 1);
/** Their names begin alike, or are the same; the last one's is how the names of demo's own things begin. */
const neighbours = [
  clusterNamed('demo-master', 'aaaaaaaaaaaaaaaa'),
  clusterNamed('dem', 'bbbbbbbbbbbbbbbb'),
  clusterNamed('demo', 'cccccccccccccccc'),
  clusterNamed('demo-01234567', 'dddddddddddddddd'),
];
const nothing = want(9);

let gce: Harness;
beforeAll(async () => {
  gce = await startGce();
});
afterAll(() => gce.close());

describe.each([
  ['as the reference reads', usual],
  ['as it could also be', unusual],
])('with the unsure rules %s', (_name, rules) => {
  it('a deletion removes what haup made, whichever half of it is gone, and nothing of clusters whose names begin alike', async () => {
    const random = seeded(SEED);
    gce.reset({ rules, pageSize: 3 });
    for (const [index, cluster] of neighbours.entries()) {
      const replicas = [`${cluster.name}-x${index}@${b}`, `${cluster.name}-y${index}@${c}`];
      await converge(gce.open({ cluster }), want(1, ...replicas));
    }
    const theirs = gce.cloud.store.paths();
    const addresses = gce.realizer.addresses.size;
    const machines = gce.realizer.machines();
    for (let round = 0; round < 12; round++) {
      const revision = 10 * (round + 1);
      const spec = want(revision, `demo-master@${b}`, `demo-master-abc@${c}`, `demo-master-def@${d}`);
      await converge(gce.open(), round % 3 === 0 ? want(revision, `demo-master@${b}`) : spec);
      const mine = gce.cloud.store.paths().filter((path) => !theirs.includes(path));
      const gone = await loseHalf(mine, random);
      await converge(gce.open(), nothing);
      expect(gce.cloud.store.paths(), `round ${round} of seed ${SEED}, gone: ${gone.join(', ')}`).toEqual(
        theirs,
      );
      expect(gce.realizer.addresses.size).toBe(addresses);
      expect(gce.realizer.machines()).toEqual(machines);
    }
    for (const cluster of neighbours) {
      const provider = gce.open({ cluster });
      expect(await provider.network.ready()).toBe(true);
      expect(await provider.balancer.read()).toMatchObject({
        complete: true,
        targets: [{ health: 'healthy' }, { health: 'healthy' }],
      });
      await converge(provider, nothing);
    }
    expect(gce.cloud.store.paths()).toEqual([]);
  });

  it('a deletion touches nothing that has the names of its own things and is another cluster’s', async () => {
    gce.reset({ rules, pageSize: 3 });
    const twin = clusterNamed('demo', '01234567ffffffff'); // eight digits of the uid are in the names
    await converge(gce.open({ cluster: twin }), want(1, `demo-master@${b}`, `demo-master-abc@${c}`));
    const theirs = gce.cloud.store.paths();
    const { machines, balancer, address, network } = gce.open();
    const attempts = [
      () => machines.delete('demo-master'),
      () => balancer.delete(),
      () => address.release(),
      () => network.delete(),
    ];
    for (const attempt of attempts) {
      const error: unknown = await attempt().catch((refusal: unknown) => refusal);
      if (error !== undefined) expect(error).toMatchObject({ kind: 'conflict' });
    }
    expect(gce.cloud.store.paths()).toEqual(theirs);
    expect(await gce.open({ cluster: twin }).balancer.read()).toMatchObject({ complete: true });
  });
});

/** Each thing goes with a chance of one half, in the order in which they use each other; what is in use stays. */
async function loseHalf(paths: readonly string[], random: () => number): Promise<string[]> {
  const order = ['forwardingRules', 'backendServices', 'healthChecks', 'instanceGroups', 'instances'];
  const rank = (path: string) =>
    order.findIndex((kind) => path.includes(`/${kind}/`)) + 1 || order.length + 1;
  const gone: string[] = [];
  for (const path of [...paths].sort((one, other) => rank(one) - rank(other))) {
    if (random() < 0.5 || !gce.cloud.store.find(path)) continue;
    if (await deleteManually(gce.cloud, path)) gone.push(path);
  }
  return gone;
}
