import { beforeAll, describe, expect, test } from 'vitest';
import { clientsFirst } from './support/clients-first.ts';
import { adminOf, useClusters } from './support/clusters.ts';
import { haup, status } from './support/haup.ts';
import { prepareForClients } from './support/many-clients.ts';
import { unnoticed } from './support/unnoticed.ts';

/** Needs the programs of an older minor, which CI does not build: `npm run test:upgrade`. */
const wanted = process.env.HAUP_TEST_UPGRADE === '1';
const CLUSTER = 'e2e-upgrade';
if (wanted) useClusters(CLUSTER);
if (wanted) beforeAll(clientsFirst);

describe.runIf(wanted)('three masters of 1.36 under clients', () => {
  let api: Awaited<ReturnType<typeof adminOf>>;

  beforeAll(async () => {
    const versions = ['--kubernetes-version', '1.36'];
    await haup('create', '-c', CLUSTER, '--zones', 'local-a,local-b,local-c', '--multizone', ...versions);
    api = await adminOf(CLUSTER);
    await prepareForClients(api);
  });

  test.each([
    ['upgrade to 1.37', ['--kubernetes-version', '1.37'], 'v1.37.1'],
    ['and back', ['--rollback'], 'v1.36.4'],
    ['upgrade again', ['--kubernetes-version', '1.37'], 'v1.37.1'],
    ['finalize', ['--finalize'], 'v1.37.1'],
    ['etcd 3.7', ['--etcd-version', 'v3.7.3'], 'v1.37.1'],
  ])('%s, and nobody notices', async (what, args, version) => {
    await unnoticed(api, what, ['upgrade', CLUSTER, ...args]);
    const now = await status(CLUSTER);
    expect(now.kubernetesVersion).toBe(version);
    expect(now.replicas.map(({ revision }) => revision?.kubernetesVersion)).toEqual([
      version,
      version,
      version,
    ]);
  });
});
