import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ClusterIdentity, Provider } from '../../../src/providers/provider.ts';
import { type AwsCloud, openCloud } from './cloud.ts';
import { cluster, connect, Operator } from './harness.ts';
import { briskDelays } from './story.ts';

const [ours, other] = ['111111111111', '222222222222'];
const settings = { account: ours };
/** One with the cluster, and one with nothing of it. */
let home: AwsCloud;
let elsewhere: AwsCloud;
let identity: ClusterIdentity;
const opened: Provider[] = [];

beforeEach(async () => {
  home = await openCloud({ delays: briskDelays, accountId: ours });
  elsewhere = await openCloud({ delays: briskDelays, accountId: other });
  identity = cluster(home);
  await new Operator(home, identity).create(open(home));
});
afterEach(async () => {
  for (const provider of opened.splice(0)) await provider.close();
  await Promise.all([home.close(), elsewhere.close()]);
});

function open(cloud: AwsCloud, options: Parameters<typeof connect>[2] = {}): Provider {
  const provider = connect(cloud, identity, options);
  opened.push(provider);
  return provider;
}

test('the account is that of the networks’ default groups, before anything is made', async () => {
  expect(await open(elsewhere).home!()).toEqual({ account: other });
});

test('credentials of another account than the cluster’s are refused, before they see nothing of it', async () => {
  await open(home, { settings }).preflight();
  await open(elsewhere).preflight(); // a cluster of before does not say where it is
  await expect(open(elsewhere, { settings }).preflight()).rejects.toMatchObject({
    kind: 'preflight',
    message: `the cluster demo is in the AWS account ${ours}; these credentials are for ${other}`,
    advice: expect.stringContaining('AWS_PROFILE'),
  });
});

test('an account without a network of its own shows itself by the cluster’s groups; where it has none, it is refused', async () => {
  for (const cloud of [home, elsewhere]) cloud.world.vpcs.clear();
  expect(await open(home).home!()).toEqual({ account: ours });
  await open(home, { settings }).preflight();
  expect(await open(elsewhere).home!()).toEqual({ account: undefined });
  await expect(open(elsewhere, { settings }).preflight()).rejects.toMatchObject({
    kind: 'preflight',
    message: expect.stringContaining('do not say which one'),
  });
});

test('a missing permission for that is named', async () => {
  home.permissions.deny('ec2:DescribeSecurityGroups');
  await expect(open(home, { settings }).preflight()).rejects.toMatchObject({
    kind: 'preflight',
    advice: expect.stringContaining('ec2:DescribeSecurityGroups'),
  });
});
