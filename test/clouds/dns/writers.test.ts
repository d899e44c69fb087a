import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cloudDnsWriter } from '../../../src/federation/dns/clouddns/writer.ts';
import { keepZone } from '../../../src/federation/dns/keeper.ts';
import { route53Writer } from '../../../src/federation/dns/route53/writer.ts';
import type { DnsWriter } from '../../../src/federation/dns/writer.ts';
import type { Shard } from '../../../src/federation/model/shard.ts';
import type { Clock } from '../../../src/util/clock.ts';
import { quickClock } from '../../support/quick-clock.ts';
import { CloudDnsCloud } from './clouddns.ts';
import { Route53Cloud } from './route53.ts';

const domain = 'example.com.';
const settings = { federation: 'fed', domain, ttl: 60, owner: 'uid-1' };
const ZONES: readonly (readonly [string, string, string, string])[] = [
  ['a', 'eu', 'eu-1', '192.0.2.1'],
  ['b', 'eu', 'eu-2', '192.0.2.2'],
  ['c', 'us', 'us-1', '2001:db8::3'],
];

function shards(healthy: string, name = 'web'): readonly Shard[] {
  return ZONES.map(([cluster, region, zone, address]) => ({
    service: { name, namespace: 'ns' },
    ...{ cluster, region, zone, addresses: [address] },
    health: healthy.includes(cluster) ? 'healthy' : 'unhealthy',
  }));
}

interface Set {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly values: readonly string[];
}

/** One cloud as the common suite needs it. */
interface Side {
  readonly clock: Clock;
  writer(options?: { zone?: string; credentials?: string }): DnsWriter;
  sets(): readonly Set[];
  put(set: Set): void;
  drop(name: string): void;
  addZone(id: string, name: string): void;
  removeZones(): void;
  deny(change: boolean): void;
  busy(requests: number): void;
  stop(): Promise<void>;
}

async function route53(): Promise<Side & { cloud: Route53Cloud }> {
  const clock = quickClock();
  const cloud = new Route53Cloud(clock);
  await cloud.start();
  cloud.zones.set('Z1', { name: domain, isPrivate: false, sets: [] });
  const zone = () => cloud.zones.get('Z1')!;
  return {
    ...{ clock, cloud },
    writer: ({ zone: zoneId, credentials = 'GOOD' } = {}) =>
      route53Writer({
        ...{ domain, zoneId, clock },
        client: { endpoint: cloud.url, credentials: { accessKeyId: credentials, secretAccessKey: 's' } },
      }),
    sets: () => zone().sets,
    put: (set) => zone().sets.push(set),
    drop: (name) => {
      zone().sets = zone().sets.filter((set) => set.name !== name);
    },
    addZone: (id, name) => cloud.zones.set(id, { name, isPrivate: false, sets: [] }),
    removeZones: () => cloud.zones.clear(),
    deny: (change) => cloud.denied.add(change ? 'ChangeResourceRecordSets' : 'ListHostedZonesByName'),
    busy: (requests) => {
      cloud.busy = requests;
    },
    stop: () => cloud.stop(),
  };
}

async function cloudDns(): Promise<Side & { cloud: CloudDnsCloud }> {
  const clock = quickClock();
  const cloud = new CloudDnsCloud(clock);
  await cloud.start();
  cloud.zones.set('Z1', { dnsName: domain, visibility: 'public', rrsets: [] });
  const zone = () => cloud.zones.get('Z1')!;
  return {
    ...{ clock, cloud },
    writer: ({ zone: zoneName, credentials = 'GOOD' } = {}) => {
      const authorization = `Bearer ${credentials.toLowerCase()}`;
      const authClient = { getRequestHeaders: async () => new Headers({ authorization }) };
      return cloudDnsWriter({
        ...{ domain, zoneName, clock, project: 'p' },
        client: { root: cloud.url, authClient },
      });
    },
    sets: () => zone().rrsets.map(({ rrdatas, ...set }) => ({ ...set, values: rrdatas })),
    put: ({ values, ...set }) => zone().rrsets.push({ ...set, rrdatas: values }),
    drop: (name) => {
      zone().rrsets = zone().rrsets.filter((set) => set.name !== name);
    },
    addZone: (id, dnsName) => cloud.zones.set(id, { dnsName, visibility: 'public', rrsets: [] }),
    removeZones: () => cloud.zones.clear(),
    deny: (change) => cloud.denied.add(change ? 'changes.create' : 'managedZones.list'),
    busy: (requests) => {
      cloud.busy = requests;
    },
    stop: () => cloud.stop(),
  };
}

describe.each([
  ['Route 53', route53],
  ['Cloud DNS', cloudDns],
] as const)('%s', (_, open) => {
  let side: Side;
  beforeEach(async () => {
    side = await open();
  });
  afterEach(() => side.stop());
  const keeper = () => keepZone(settings, side.writer(), { clock: side.clock });
  const records = () =>
    side
      .sets()
      .filter(({ type }) => type !== 'TXT')
      .map(
        ({ name, type, values }) =>
          `${name.replace('ns.fed.svc.', '').replace('.example.com.', '')} ${type} ${values}`,
      )
      .sort();

  test('has the records of each level after a turn, and none of a Service that is gone', async () => {
    const kept = keeper();
    await kept.turn(shards('abc'));
    expect(records()).toEqual([
      'web A 192.0.2.1,192.0.2.2',
      'web AAAA 2001:db8::3',
      'web.eu A 192.0.2.1,192.0.2.2',
      'web.eu-1.eu A 192.0.2.1',
      'web.eu-2.eu A 192.0.2.2',
      'web.us AAAA 2001:db8::3',
      'web.us-1.us AAAA 2001:db8::3',
    ]);
    await kept.turn(shards('c'));
    expect(records()).toContain('web.eu CNAME web.ns.fed.svc.example.com.');
    expect((await keeper().turn(shards('c'))).changed).toEqual([]);
    await kept.turn([]);
    expect(side.sets()).toEqual([]);
  });

  test('is read again when a record is not as it was', async () => {
    const kept = keeper();
    await kept.turn(shards('abc'));
    side.drop('web.ns.fed.svc.eu.example.com.');
    await kept.turn(shards('bc'));
    expect(records()).toContain('web.eu A 192.0.2.2');
    const foreign = {
      name: 'api.ns.fed.svc.eu.example.com.',
      type: 'CNAME',
      ttl: 5,
      values: ['elsewhere.net.'],
    };
    side.put(foreign);
    const { problems } = await kept.turn([...shards('bc'), ...shards('abc', 'api')]);
    expect(problems.map(({ name }) => name)).toEqual([foreign.name]);
    expect(side.sets()).toContainEqual(foreign);
    expect(records()).toContain('api.eu-1.eu A 192.0.2.1');
  });

  test('takes 120 Services in batches within its limits, and its throttling', async () => {
    const many = Array.from({ length: 120 }, (_, index) => shards('abc', `s${index}`)).flat();
    await keeper().turn(many);
    expect(side.sets()).toHaveLength(120 * 13);
    expect((await keeper().turn(many)).changed).toEqual([]);
  });

  test('lets a request come again, later, that it has turned away', async () => {
    side.busy(3);
    await keeper().turn(shards('a'));
    expect(side.sets()).not.toEqual([]);
    side.busy(1_000);
    await expect(side.writer().read()).rejects.toMatchObject({
      ...{ kind: 'trouble', message: expect.stringContaining('no time for a minute') },
    });
  });

  test('is waited for until its name servers have a change', async () => {
    const writer = side.writer();
    await writer.settled();
    await keepZone(settings, writer, { clock: side.clock }).turn(shards('a'));
    const before = side.clock.now();
    await writer.settled();
    expect(side.clock.now() - before).toBeGreaterThanOrEqual(4_000);
    writer.close();
  });

  test('says that the zone is not there, that it is another one, or that there are several', async () => {
    side.addZone('Z2', 'example.org.');
    await expect(side.writer({ zone: 'Z2' }).read()).rejects.toMatchObject({
      kind: 'not-ours',
      message: expect.stringContaining('that of example.org., not of example.com.'),
    });
    await expect(side.writer({ zone: 'Z9' }).read()).rejects.toMatchObject({ kind: 'no-zone' });
    side.addZone('Z3', domain);
    await expect(side.writer().read()).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/Z1, Z3/),
    });
    expect(await side.writer({ zone: 'Z3' }).read()).toEqual([]);
    side.removeZones();
    await expect(side.writer().read()).rejects.toMatchObject({
      kind: 'no-zone',
      message: expect.stringMatching(/no public (hosted|managed) zone example.com./),
    });
  });

  test('says whether it refuses the credentials or a right', async () => {
    await expect(side.writer({ credentials: 'BAD' }).read()).rejects.toMatchObject({ kind: 'denied' });
    side.deny(true);
    const refused = keeper().turn(shards('a'));
    await expect(refused).rejects.toMatchObject({
      kind: 'denied',
      advice: expect.stringMatching(/route53:ChangeResourceRecordSets|dns\.changes\.create/),
    });
    side.deny(false);
    await expect(side.writer().read()).rejects.toMatchObject({ kind: 'denied' });
  });
});

test('Route 53: an answer that was lost is found carried out', async () => {
  const side = await route53();
  try {
    const kept = keepZone(settings, side.writer(), { clock: side.clock });
    side.cloud.lost = 1;
    await expect(kept.turn(shards('a'))).rejects.toMatchObject({ kind: 'trouble' });
    expect((await kept.turn(shards('a'))).changed).toEqual([]);
  } finally {
    await side.stop();
  }
});

test('Route 53: a refusal in its other form is understood as well', async () => {
  const side = await route53();
  try {
    const kept = keepZone(settings, side.writer(), { clock: side.clock });
    side.cloud.listsMessages = true;
    await kept.turn(shards('a'));
    side.drop('web.ns.fed.svc.eu.example.com.');
    await kept.turn(shards('b'));
    expect(side.sets().find(({ name }) => name === 'web.ns.fed.svc.eu.example.com.')?.values).toEqual([
      '192.0.2.2',
    ]);
  } finally {
    await side.stop();
  }
});

test('Route 53: an alias and a weighted record are others’', async () => {
  const side = await route53();
  try {
    const alias = {
      name: 'web.ns.fed.svc.example.com.',
      type: 'A',
      ttl: 0,
      values: [],
      alias: 'lb.example.net.',
    };
    const weighted = {
      name: 'web.ns.fed.svc.eu.example.com.',
      type: 'A',
      ttl: 5,
      values: ['192.0.2.77'],
      identifier: 'x',
    };
    side.put(alias);
    side.put(weighted);
    const { problems } = await keepZone(settings, side.writer(), { clock: side.clock }).turn(shards('abc'));
    expect(problems.map(({ words }) => words)).toEqual([
      'others have records there (alias of lb.example.net.)',
      'others have records there (routing policy x)',
    ]);
    expect(side.sets()).toEqual(expect.arrayContaining([alias, weighted]));
  } finally {
    await side.stop();
  }
});
