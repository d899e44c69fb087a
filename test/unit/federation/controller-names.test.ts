import { expect, test } from 'vitest';
import { type Api, ApiRefusal } from '../../../src/federation/controller/api.ts';
import { namesSecret, openNames } from '../../../src/federation/controller/names.ts';

const settings = { federation: 'world', domain: 'example.com.', ttl: 60, dnsProvider: 'coredns', dns: {} };
const secret = null;
const signal = new AbortController().signal;
const refusing = (status: number) =>
  ({ call: () => Promise.reject(new ApiRefusal(status, '', 'no')) }) as unknown as Api;

test('a federation without a provider has no names', async () => {
  const none = { ...settings, dnsProvider: 'none' };
  expect(await openNames({ secret, settings: none, uid: 'u', log: () => {} })).toBeNull();
});

test('settings that cannot be used are a problem, and stop nothing else', async () => {
  const log: string[] = [];
  const names = await openNames({ settings, secret, uid: 'u', log: (line) => log.push(line) });
  names!.shards([]);
  expect(names!.problems()).toEqual([
    expect.stringContaining('the settings of the DNS provider "coredns": endpoints'),
  ]);
  expect(log).toHaveLength(1);
  await names!.close();
});

test('an etcd without a Secret for it is asked without a certificate', async () => {
  const dns = { endpoints: ['https://127.0.0.1:1'] };
  const names = await openNames({ secret, settings: { ...settings, dns }, uid: 'u', log: () => {} });
  expect(names!.problems()).toEqual([]);
  await names!.close();
});

test('the Secret for an etcd is there or not; that it could not be read is neither', async () => {
  expect(await namesSecret(refusing(404), settings, signal)).toBeNull();
  await expect(namesSecret(refusing(500), settings, signal)).rejects.toThrow('no');
  expect(await namesSecret(refusing(500), { ...settings, dnsProvider: 'route53' }, signal)).toBeNull();
});
