import { expect, test } from 'vitest';
import { putSettings } from '../../../../src/app/federation/init.ts';
import { NAMESPACE, SETTINGS_PATH } from '../../../../src/federation/model/names.ts';
import { memoryApi } from '../../../support/memory-api.ts';

const { signal } = new AbortController();
const named = { federation: 'world', domain: 'example.com.', ttl: 60, dnsProvider: 'route53', dns: {} };
const nameless = { federation: 'world', domain: '', ttl: 180, dnsProvider: 'none', dns: {} };

test('settings of names that are there are replaced by others, and kept where nobody said any', async () => {
  const world = memoryApi();
  const api = world.client();
  world.put(`/api/v1/namespaces/${NAMESPACE}`, { metadata: { name: NAMESPACE } });
  const zone = () => (world.get(SETTINGS_PATH)!.data as Record<string, string>).dnsZone;
  await putSettings(api, nameless, true, signal);
  expect(zone()).toBe('');
  await putSettings(api, named, false, signal);
  expect(zone()).toBe('example.com.');
  await putSettings(api, nameless, true, signal);
  expect(zone()).toBe('example.com.');
  await putSettings(api, nameless, false, signal);
  expect(zone()).toBe('');
});
