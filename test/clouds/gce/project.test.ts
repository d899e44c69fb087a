import { afterAll, beforeAll, expect, it } from 'vitest';
import { converge, want } from '../shared/story.ts';
import { type Harness, startGce, ZONES } from './harness.ts';

let gce: Harness;
beforeAll(async () => {
  gce = await startGce();
});
afterAll(() => gce.close());

const elsewhere = { CLOUDSDK_CORE_PROJECT: 'elsewhere' };
const one = want(1, `demo-master@${ZONES[0]}`);

it.each([
  ['what is said', { settings: { project: 'said' }, environment: elsewhere }, 'said'],
  ['the environment’s', { settings: { project: undefined }, environment: elsewhere }, 'elsewhere'],
  ['the credentials’', { settings: { project: undefined } }, 'haup-test'],
])('a cluster’s home is a project: %s', async (_, options, project) => {
  expect(await gce.open(options).home?.()).toEqual({ project });
});

it('a cluster that says its project is found there, whatever project the environment names later', async () => {
  const made = gce.open({ settings: { project: undefined } });
  await converge(made, one);
  const settings = await made.home?.();
  const later = gce.open({ settings: { ...settings }, environment: elsewhere });
  await later.preflight();
  expect(await later.machines.list()).toHaveLength(1);
  await converge(later, want(2));
  expect(gce.cloud.store.paths()).toEqual([]);
});

it('credentials that may not see its project are refused, which names it', async () => {
  gce.cloud.denied.add('compute.regions.get');
  await expect(gce.open().preflight()).rejects.toMatchObject({
    kind: 'preflight',
    advice: expect.stringContaining('in project haup-test'),
  });
});
