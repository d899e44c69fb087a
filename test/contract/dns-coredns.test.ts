import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serverCorefile } from '../../src/federation/dns/coredns/corefile.ts';
import { keyValues } from '../../src/federation/dns/coredns/kv.ts';
import { corednsWriter } from '../../src/federation/dns/coredns/writer.ts';
import { keepZone } from '../../src/federation/dns/keeper.ts';
import type { Shard } from '../../src/federation/model/shard.ts';
import { systemClock } from '../../src/util/clock.ts';
import { type Programs, programs, type Questions, startCoredns, startEtcd } from '../support/coredns.ts';
import { freePort } from '../support/free-port.ts';

const domain = 'example.com.';
const settings = { federation: 'fed', domain, ttl: 30, owner: 'uid-1' };
const MEMBERS = {
  a: { region: 'eu', zone: 'eu-1', addresses: ['192.0.2.1', '2001:db8::1'] },
  b: { region: 'eu', zone: 'eu-2', addresses: ['192.0.2.2'] },
  c: { region: 'us', zone: 'us-1', addresses: ['192.0.2.3'] },
};

function shards(healthy: string, name = 'web'): readonly Shard[] {
  return Object.entries(MEMBERS).map(([cluster, member]) => ({
    service: { name, namespace: 'ns' },
    cluster,
    ...member,
    health: healthy.includes(cluster) ? 'healthy' : 'unhealthy',
  }));
}

let t: Programs;
let endpoint: string;
let ask: Questions;

beforeAll(async () => {
  t = await programs();
  endpoint = await startEtcd(t);
  const port = await freePort();
  const corefile = serverCorefile({ domain, endpoints: [endpoint], port, listen: '127.0.0.1' });
  ask = await startCoredns(t, corefile, port);
});
afterAll(() => t?.end());

function keeper() {
  return keepZone(settings, corednsWriter({ domain, endpoints: [endpoint] }), { clock: systemClock });
}

describe('a real CoreDNS on a real etcd', () => {
  const at = (place: string) => `web.ns.fed.svc.${place}example.com.`;

  test('answers each level with its own healthy shards, else with those of the level above', async () => {
    const kept = keeper();
    await kept.turn(shards('abc'));
    expect(await ask('A', at('eu-1.eu.'))).toBe('192.0.2.1');
    expect(await ask('AAAA', at('eu-1.eu.'))).toBe('2001:db8::1');
    expect(await ask('A', at('eu.'))).toBe('192.0.2.1 192.0.2.2');
    expect(await ask('A', at(''))).toBe('192.0.2.1 192.0.2.2 192.0.2.3');
    expect(await ask('AAAA', at('us.'))).toBe('ENODATA');

    await kept.turn(shards('bc'));
    expect(await ask('CNAME', at('eu-1.eu.'))).toBe('web.ns.fed.svc.eu.example.com');
    expect(await ask('A', at('eu-1.eu.'))).toBe('192.0.2.2');
    await kept.turn(shards('c'));
    expect(await ask('A', at('eu-1.eu.'))).toBe('192.0.2.3');
    expect(await ask('A', at('us-1.us.'))).toBe('192.0.2.3');
    await kept.turn(shards(''));
    expect(await ask('A', at(''))).toBe('ENOTFOUND');
    await kept.turn(shards('ab'));
    expect(await ask('A', at('us-1.us.'))).toBe('192.0.2.1 192.0.2.2');
  });

  test('has a name whatever type is asked for, and says nothing of what is not one', async () => {
    await keeper().turn(shards('abc'));
    for (const place of ['eu-1.eu.', 'eu.', '']) expect(await ask('CNAME', at(place)), place).toBe('ENODATA');
    for (const name of [
      'eu.',
      'eu-1.eu.',
      'svc.',
      'fed.svc.eu.',
      'ns.fed.svc.',
      '*.ns.fed.svc.',
      'any.ns.fed.svc.eu.',
    ])
      expect(await ask('A', `${name}${domain}`), name).toBe('ENODATA');
    expect(await ask('A', 'api.ns.fed.svc.example.com.')).toBe('ENOTFOUND');
  });

  test('keeps what others have there, and a second turn changes nothing', async () => {
    const store = keyValues({ endpoints: [endpoint] });
    const foreign = [
      { key: '/skydns/com/example/svc/fed/ns/api', value: '{"host":"198.51.100.1"}' },
      { key: '/skydns/com/example/eu/svc/fed/ns/api/mine', value: '{"host":"198.51.100.2"}' },
      { key: '/skydns/com/example/dns/ns/a', value: '{"host":"198.51.100.3"}' },
    ];
    await store.transact({ conditions: [], puts: foreign, deletes: [] });
    const all = [...shards('abc'), ...shards('abc', 'api')];
    const { problems } = await keeper().turn(all);
    expect(problems.map(({ name }) => name)).toEqual([
      'api.ns.fed.svc.example.com.',
      'api.ns.fed.svc.eu.example.com.',
    ]);
    expect(await ask('A', 'api.ns.fed.svc.example.com.')).toBe('198.51.100.1');
    expect(await ask('A', 'api.ns.fed.svc.eu-1.eu.example.com.')).toBe('192.0.2.1');
    expect(await ask('A', 'a.ns.dns.example.com.')).toBe('198.51.100.3');
    expect((await keeper().turn(all)).changed).toEqual([]);
    await keeper().turn([]);
    const { entries } = await store.list('/skydns/');
    expect(entries.map(({ key, value }) => ({ key, value }))).toEqual(
      [...foreign].sort((x, y) => (x.key < y.key ? -1 : 1)),
    );
  });

  test('is not changed by a controller that has not seen the last change', async () => {
    const late = corednsWriter({ domain, endpoints: [endpoint] });
    await late.read();
    await keeper().turn(shards('a'));
    const name = at('');
    const wanted = [{ name, type: 'A', ttl: 30, values: ['192.0.2.66'] }];
    await expect(late.apply([{ name, seen: [], wanted }])).rejects.toThrow('are not as they were');
    expect(await ask('A', at(''))).toBe('192.0.2.1');
    const store = keyValues({ endpoints: [endpoint] });
    await late.read();
    const below = { key: '/skydns/com/example/svc/fed/ns/other/x9', value: '{"host":"198.51.100.9"}' };
    await store.transact({ conditions: [], puts: [below], deletes: [] });
    const other = 'other.ns.fed.svc.example.com.';
    await expect(
      late.apply([{ name: other, seen: [], wanted: [{ ...wanted[0]!, name: other }] }]),
    ).rejects.toThrow('are not as they were');
  });

  test('takes more names than one transaction of etcd holds', async () => {
    const many = Array.from({ length: 40 }, (_, index) => shards('abc', `s${index}`)).flat();
    await keeper().turn(many);
    expect(await ask('A', 's39.ns.fed.svc.us.example.com.')).toBe('192.0.2.3');
    await keeper().turn([]);
    expect(await ask('A', 's39.ns.fed.svc.us.example.com.')).toBe('ENOTFOUND');
  });
});

test('an etcd that does not answer is told, as is an address that is none', async () => {
  const nobody = corednsWriter({ domain, endpoints: [`http://127.0.0.1:${await freePort()}`] });
  await expect(nobody.read()).rejects.toMatchObject({
    kind: 'trouble',
    message: expect.stringContaining('did not answer'),
  });
  expect(() => corednsWriter({ domain, endpoints: ['http://10.0.0.1:2379'] })).toThrow(
    'is not the https URL of an etcd',
  );
});
