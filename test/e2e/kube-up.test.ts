import { beforeAll, describe, expect, test } from 'vitest';
import { clientsFirst } from './support/clients-first.ts';
import { useClusters } from './support/clusters.ts';
import { E2E_HOME, type RunningHaup, startProgram, status } from './support/haup.ts';
import { useCluster } from './support/used-cluster.ts';

const cluster = 'e2e-kube-up';
useClusters(cluster);
beforeAll(clientsFirst);

/** A line of kube-up's own documentation of HA masters, but for the script's path and the provider. */
function start(script: 'kube-up.sh' | 'kube-down.sh', variables: Record<string, string>): RunningHaup {
  const { PATH = '', HAUP_CACHE } = process.env;
  const env = {
    PATH,
    HOME: E2E_HOME,
    HAUP_HOME: E2E_HOME,
    ...(HAUP_CACHE ? { HAUP_CACHE } : {}),
    KUBERNETES_PROVIDER: 'local',
    KUBE_GCE_INSTANCE_PREFIX: cluster,
    ...variables,
  };
  return startProgram(new URL(`../../scripts/${script}`, import.meta.url).pathname, [], env);
}

async function run(...line: Parameters<typeof start>): Promise<number | null> {
  const { code, stderr } = await start(...line).ended;
  if (code !== 0) console.log(stderr);
  return code;
}

async function zones(): Promise<string[]> {
  const { replicas, converged } = await status(cluster);
  expect(converged).toBe(true);
  expect(replicas.every((replica) => replica.apiServer === 'ready' && replica.etcd.healthy)).toBe(true);
  return replicas.map((replica) => replica.zone).sort();
}

describe("kube-up's documented session of HA masters", () => {
  test('runs unchanged, and nobody notices: create, replicate into two more zones, remove by zone and by name, delete', async () => {
    const first = { MULTIZONE: 'true', KUBE_GCE_ZONE: 'europe-west1-b', ENABLE_ETCD_QUORUM_READS: 'true' };
    expect(await run('kube-up.sh', first)).toBe(0);
    expect(await zones()).toEqual(['europe-west1-b']);
    const { unnoticed, expectMasters } = await useCluster(cluster);
    await expectMasters(1);
    for (const [number, zone] of ['europe-west1-c', 'europe-west1-d'].entries()) {
      const another = { KUBE_GCE_ZONE: zone, KUBE_REPLICATE_EXISTING_MASTER: 'true' };
      await unnoticed(`${number + 1}-to-${number + 2}-zones`, () => start('kube-up.sh', another));
      await expectMasters(number + 2);
    }
    expect(await zones()).toEqual(['europe-west1-b', 'europe-west1-c', 'europe-west1-d']);

    expect(await run('kube-down.sh', {})).toBe(3); // three are left: kube-down takes a cluster of one
    const inZone = { KUBE_DELETE_NODES: 'false', KUBE_GCE_ZONE: 'europe-west1-c' };
    await unnoticed('3-to-2-zones', () => start('kube-down.sh', inZone));
    await expectMasters(2);
    expect(await zones()).toEqual(['europe-west1-b', 'europe-west1-d']);

    const { name } = (await status(cluster)).replicas.find((replica) => replica.zone === 'europe-west1-d')!;
    const byName = { KUBE_DELETE_NODES: 'false', KUBE_REPLICA_NAME: name };
    await unnoticed('2-to-1-zone', () => start('kube-down.sh', byName));
    await expectMasters(1);
    expect(await status(cluster)).toMatchObject({
      loadBalancer: null,
      apiAddress: { holder: { kind: 'machine', name: `${cluster}-master` } },
    });
    expect(await run('kube-down.sh', {})).toBe(0);
    expect(await run('kube-down.sh', {})).toBe(6);
  });
});
