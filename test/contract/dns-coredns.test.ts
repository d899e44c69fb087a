import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MERGE } from '../../src/federation/controller/api.ts';
import { serverCorefile } from '../../src/federation/dns/coredns/corefile.ts';
import { keyValues } from '../../src/federation/dns/coredns/kv.ts';
import { corednsWriter } from '../../src/federation/dns/coredns/writer.ts';
import { keepZone } from '../../src/federation/dns/keeper.ts';
import { memberCorefilePart } from '../../src/federation/dns/member/corefile.ts';
import type { Shard } from '../../src/federation/model/shard.ts';
import { callApi } from '../../src/kubernetes/client.ts';
import { kubeconfig } from '../../src/pki/kubeconfig.ts';
import { systemClock } from '../../src/util/clock.ts';
import { waitFor } from '../../src/util/wait.ts';
import { type ApiServer, startApiServer } from '../support/api-server.ts';
import { type Questions, startCoredns } from '../support/coredns.ts';
import { freePort } from '../support/free-port.ts';
import { type Programs, programs, startEtcd } from '../support/programs.ts';

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
let serverPort: number;

beforeAll(async () => {
  t = await programs('dns');
  endpoint = await startEtcd(t);
  serverPort = await freePort();
  const corefile = serverCorefile({ domain, endpoints: [endpoint], port: serverPort, listen: '127.0.0.1' });
  ask = await startCoredns(t, corefile, serverPort);
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

describe("a member's CoreDNS beside a real API server", () => {
  const inPod = ['web.ns.fed.', 'web.ns.fed.svc.cluster.local.'];
  const all = (answer: string) => inPod.map(() => answer);
  let pod: Questions;
  let api: ApiServer;
  /** @returns the status */
  const call = async (method: string, path: string, body?: object): Promise<number> => {
    const type = method === 'PATCH' ? { contentType: MERGE } : {};
    return (await callApi(api.admin, { ...{ method, path, body }, ...type, timeoutMs: 30_000 })).status;
  };
  const answers = (type: 'A' | 'AAAA' = 'A') => Promise.all(inPod.map((name) => pod(type, name)));
  const becomes = (wanted: string) =>
    waitFor(async () => ((await answers()).every((one) => one === wanted) ? true : undefined), {
      ...{ what: `the pods' answer to be ${wanted}`, timeoutMs: 60_000 },
    });

  beforeAll(async () => {
    api = await startApiServer('dns');
    const config = join(t.folder, 'kubeconfig');
    await writeFile(config, kubeconfig({ cluster: 'dns', server: api.server, ...api.admin }), {
      mode: 0o600,
    });
    const port = await freePort();
    const settings = {
      federation: 'fed',
      domain,
      region: 'eu',
      zone: 'eu-1',
      servers: [`127.0.0.1:${serverPort}`],
    };
    // In a pod CoreDNS finds its API server by itself, and has its network namespace for itself.
    const corefile = memberCorefilePart(settings)
      .replace('kubernetes cluster.local {', `kubernetes cluster.local {\n       kubeconfig ${config}`)
      .replaceAll('5353', String(await freePort()))
      .replaceAll(':53 ', `:${port} `);
    pod = await startCoredns(t, corefile, port);
    await call('POST', '/api/v1/namespaces', { metadata: { name: 'ns' } });
    await call('POST', '/api/v1/namespaces/ns/services', {
      metadata: { name: 'web' },
      spec: { clusterIP: '10.96.0.77', ports: [{ port: 80 }] },
    });
    await keeper().turn(shards('bc'));
  });
  afterAll(() => api?.stop());

  const slice = (ready: boolean) => ({
    metadata: { name: 'web-1', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.9'], conditions: { ready } }],
    ports: [{ port: 80 }],
  });
  const SLICES = '/apis/discovery.k8s.io/v1/namespaces/ns/endpointslices';

  test('leads to the local Service while it has a ready endpoint, else to the nearest healthy shard', async () => {
    await becomes('192.0.2.2');
    expect(await call('POST', SLICES, slice(true))).toBe(201);
    await becomes('10.96.0.77');
    expect(await answers('AAAA')).toEqual(all('ENODATA'));
    expect(await call('PATCH', `${SLICES}/web-1`, slice(false))).toBe(200);
    await becomes('192.0.2.2');
    expect(await call('DELETE', '/api/v1/namespaces/ns/services/web')).toBe(200);
    await becomes('192.0.2.2');
  });

  test('knows no Service that nobody has', async () => {
    expect(await pod('A', 'api.ns.fed.')).toMatch(/ENOTFOUND|ENODATA/);
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
