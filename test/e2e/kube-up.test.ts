import { describe, expect, test } from 'vitest';
import { tryExec } from '../../src/util/exec.ts';
import { useClusters } from './support/clusters.ts';
import { E2E_HOME, status } from './support/haup.ts';

const cluster = 'e2e-kube-up';
useClusters(cluster);

/** A line of kube-up's own documentation of HA masters, but for the script's path and the provider. */
async function run(
  script: 'kube-up.sh' | 'kube-down.sh',
  variables: Record<string, string>,
): Promise<number> {
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
  const path = new URL(`../../scripts/${script}`, import.meta.url).pathname;
  const { code, stderr } = await tryExec(path, [], { env });
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
  test('runs unchanged: create, replicate into two more zones, remove by zone and by name, delete', async () => {
    const first = { MULTIZONE: 'true', KUBE_GCE_ZONE: 'europe-west1-b', ENABLE_ETCD_QUORUM_READS: 'true' };
    expect(await run('kube-up.sh', first)).toBe(0);
    expect(await zones()).toEqual(['europe-west1-b']);
    for (const zone of ['europe-west1-c', 'europe-west1-d']) {
      expect(await run('kube-up.sh', { KUBE_GCE_ZONE: zone, KUBE_REPLICATE_EXISTING_MASTER: 'true' })).toBe(
        0,
      );
    }
    expect(await zones()).toEqual(['europe-west1-b', 'europe-west1-c', 'europe-west1-d']);

    expect(await run('kube-down.sh', {})).toBe(3); // three are left: kube-down takes a cluster of one
    expect(await run('kube-down.sh', { KUBE_DELETE_NODES: 'false', KUBE_GCE_ZONE: 'europe-west1-c' })).toBe(
      0,
    );
    expect(await zones()).toEqual(['europe-west1-b', 'europe-west1-d']);

    const { name } = (await status(cluster)).replicas.find((replica) => replica.zone === 'europe-west1-d')!;
    expect(await run('kube-down.sh', { KUBE_DELETE_NODES: 'false', KUBE_REPLICA_NAME: name })).toBe(0);
    expect(await status(cluster)).toMatchObject({
      loadBalancer: null,
      apiAddress: { holder: { kind: 'machine', name: `${cluster}-master` } },
    });
    expect(await run('kube-down.sh', {})).toBe(0);
    expect(await run('kube-down.sh', {})).toBe(6);
  });
});
