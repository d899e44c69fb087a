import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { moveCluster } from '../../../src/app/move-store.ts';
import { type ClusterState, clusterStateSchema, noHistory } from '../../../src/cluster/world/memory.ts';
import { bucketStore } from '../../../src/state/bucket/store.ts';
import { openStore } from '../../../src/state/open.ts';
import type { Store } from '../../../src/state/store.ts';
import { specOf } from '../../support/clusters.ts';
import { standingClock } from '../../support/lease-clock.ts';
import { memoryBucket } from '../../support/memory-objects.ts';

const spec = specOf(['demo-master']);
const cluster = spec.name;
const secrets = { authorities: 'A', 'operator-ssh-key': 'S' };

let folder: string;
let file: Store<ClusterState>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'haup-move-'));
  file = openStore(pathToFileURL(join(folder, 'clusters')).href, clusterStateSchema);
  await file.create(cluster, { spec, history: noHistory, pins: {} }, secrets);
  await file.save(
    cluster,
    { spec, history: noHistory, pins: { 'demo-master': { current: 'ssh-ed25519 A', seen: true } } },
    1,
  );
});
afterEach(() => rmSync(folder, { recursive: true }));

const inBucket = (bucket = memoryBucket()) =>
  bucketStore('s3://haup', bucket, clusterStateSchema, null, standingClock());

async function whole(store: Store<ClusterState>) {
  return { ...(await store.read(cluster)), secrets: await store.secrets(cluster).all() };
}

it('a cluster moves with its revision and its secrets, there and back', async () => {
  const before = await whole(file);
  const bucket = inBucket();
  expect(await moveCluster(file, bucket, cluster, false)).toBe(true);
  expect(await file.read(cluster)).toBeNull();
  expect(await whole(bucket)).toEqual(before);
  expect(before).toMatchObject({ revision: 2, secrets });
  expect(await moveCluster(bucket, file, cluster, false)).toBe(true);
  expect(await whole(file)).toEqual(before);
  expect(await bucket.list()).toEqual([]);
});

it('a store by another name is no other store: the cluster stays, and nobody is said to be at work', async () => {
  const before = await whole(file);
  symlinkSync(join(folder, 'clusters'), join(folder, 'link'));
  const link = openStore(pathToFileURL(join(folder, 'link')).href, clusterStateSchema);
  const bucket = inBucket();
  await moveCluster(file, bucket, cluster, false);
  await expect(moveCluster(bucket, bucket, cluster, false)).rejects.toThrow(/by another name/);
  await moveCluster(bucket, file, cluster, false);
  for (const [from, to] of [
    [file, link],
    [link, file],
  ] as const)
    await expect(moveCluster(from, to, cluster, false)).rejects.toMatchObject({
      name: 'InputError',
      message: expect.stringMatching(/by another name/),
    });
  expect(await whole(file)).toEqual(before);
});

it('a dry run moves nothing', async () => {
  const bucket = memoryBucket();
  expect(await moveCluster(file, inBucket(bucket), cluster, true)).toBe(true);
  expect([...bucket.texts]).toEqual([]);
  expect(await file.list()).toEqual([cluster]);
});

it('stopped at any call to the bucket, it is whole in one store or the same in both, and the next move finishes', async () => {
  const before = await whole(file);
  for (let stop = 1; ; stop++) {
    let left = stop;
    const objects = memoryBucket(() => (--left < 1 ? 'refused' : 'none'));
    const moved = await moveCluster(file, inBucket(objects), cluster, false).catch((error: Error) => error);
    left = Number.POSITIVE_INFINITY;
    objects.pass(60_000); // what was held ends
    const bucket = inBucket(objects);
    const there = (await bucket.read(cluster)) !== null;
    if (await file.read(cluster)) {
      expect(await whole(file)).toEqual(before);
      expect(await moveCluster(file, bucket, cluster, false)).toBe(!there);
    }
    expect(await whole(bucket)).toEqual(before);
    await moveCluster(bucket, file, cluster, false);
    if (moved === true) return;
  }
});

it('another cluster of that name, or a copy that went its own way, is left alone in both', async () => {
  const bucket = inBucket();
  await bucket.create(cluster, { spec: { ...spec, uid: 'f'.repeat(16) }, history: noHistory, pins: {} });
  await expect(moveCluster(file, bucket, cluster, false)).rejects.toMatchObject({
    kind: 'exists',
    message: expect.stringMatching(/another cluster/),
  });
  await bucket.remove(cluster);
  await bucket.create(cluster, { spec, history: noHistory, pins: {} }, secrets);
  await expect(moveCluster(file, bucket, cluster, false)).rejects.toThrow(
    /at revisions 2 and 1, and they differ/,
  );
  expect([await file.list(), await bucket.list()]).toEqual([[cluster], [cluster]]);
});
