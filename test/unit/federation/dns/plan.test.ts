import { describe, expect, test } from 'vitest';
import { planRecords } from '../../../../src/federation/dns/plan.ts';
import {
  afterChanges,
  differenceOf,
  markOf,
  type RecordSet,
} from '../../../../src/federation/dns/records.ts';
import type { Shard } from '../../../../src/federation/model/shard.ts';

const settings = { federation: 'fed', domain: 'example.com.', ttl: 180, owner: 'uid' };
const TOP = 'web.ns.fed.svc.example.com.';
const EU = 'web.ns.fed.svc.eu.example.com.';
const EU_1 = 'web.ns.fed.svc.eu-1.eu.example.com.';
const EU_2 = 'web.ns.fed.svc.eu-2.eu.example.com.';

function shard(cluster: string, addresses: readonly string[], more: Partial<Shard> = {}): Shard {
  return {
    service: { name: 'web', namespace: 'ns' },
    cluster,
    region: 'eu',
    zone: `eu-${cluster}`,
    addresses,
    health: 'healthy',
    ...more,
  };
}

/** The zone after a turn: "name TYPE values", marks left out. */
function zoneAfter(shards: readonly Shard[], seen: readonly RecordSet[] = []): readonly string[] {
  const { changes } = planRecords(settings, shards, seen);
  return afterChanges(seen, changes)
    .filter(({ type }) => type !== 'TXT')
    .map(({ name, type, values }) => `${name} ${type} ${values.join(' ')}`)
    .sort();
}

describe('records of a Service', () => {
  test('are the addresses of the healthy shards of each level', () => {
    expect(zoneAfter([shard('1', ['192.0.2.1', '2001:DB8::1']), shard('2', ['192.0.2.2'])])).toEqual([
      `${EU_1} A 192.0.2.1`,
      `${EU_1} AAAA 2001:db8::1`,
      `${EU_2} A 192.0.2.2`,
      `${EU} A 192.0.2.1 192.0.2.2`,
      `${EU} AAAA 2001:db8::1`,
      `${TOP} A 192.0.2.1 192.0.2.2`,
      `${TOP} AAAA 2001:db8::1`,
    ]);
  });

  test('lead one level up where none is healthy, and nowhere from the top', () => {
    const us = shard('us', ['192.0.2.9'], { region: 'us', zone: 'us-1' });
    const down = shard('1', ['192.0.2.1'], { health: 'unhealthy' });
    expect(zoneAfter([down, us])).toEqual([
      `${EU_1} CNAME ${EU}`,
      `${EU} CNAME ${TOP}`,
      `${TOP} A 192.0.2.9`,
      'web.ns.fed.svc.us-1.us.example.com. A 192.0.2.9',
      'web.ns.fed.svc.us.example.com. A 192.0.2.9',
    ]);
    expect(zoneAfter([down])).toEqual([`${EU_1} CNAME ${EU}`, `${EU} CNAME ${TOP}`]);
  });

  test('are at the places of all members, also of one that has nothing of the Service', () => {
    const other = shard('2', ['192.0.2.7'], { service: { name: 'api', namespace: 'ns' } });
    expect(zoneAfter([shard('1', ['192.0.2.1']), other])).toContain(`${EU_2} CNAME ${EU}`);
  });

  test('of a member whose zone is not known are at its region', () => {
    expect(zoneAfter([shard('1', ['192.0.2.1'], { zone: '' })])).toEqual([
      `${EU} A 192.0.2.1`,
      `${TOP} A 192.0.2.1`,
    ]);
  });

  test('take a host name for no address', () => {
    expect(zoneAfter([shard('1', ['lb.example.net'])])).toEqual([
      `${EU_1} CNAME ${EU}`,
      `${EU} CNAME ${TOP}`,
    ]);
  });

  test('go with the Service', () => {
    const before = afterChanges([], planRecords(settings, [shard('1', ['192.0.2.1'])], []).changes);
    expect(before).toHaveLength(6);
    const { changes } = planRecords(settings, [], before);
    expect(changes.map(({ name }) => name)).toEqual([EU_1, EU, TOP]);
    expect(afterChanges(before, changes)).toEqual([]);
  });
});

describe('changes', () => {
  test('are none where all is as it should be', () => {
    const shards = [shard('1', ['192.0.2.1']), shard('2', [])];
    const seen = afterChanges([], planRecords(settings, shards, []).changes);
    expect(planRecords(settings, shards, seen)).toEqual({ changes: [], problems: [] });
  });

  test('touch the sets that differ, and the mark, which counts them', () => {
    const seen = afterChanges(
      [],
      planRecords(settings, [shard('1', ['192.0.2.1', '2001:db8::1'])], []).changes,
    );
    const { changes } = planRecords(settings, [shard('1', ['192.0.2.2', '2001:db8::1'])], seen);
    expect(differenceOf(changes[0]!)).toEqual({
      removed: [
        { name: TOP, type: 'A', ttl: 180, values: ['192.0.2.1'] },
        markOf(TOP, 'uid', 180, { change: 1, types: ['A', 'AAAA'] }),
      ],
      added: [
        { name: TOP, type: 'A', ttl: 180, values: ['192.0.2.2'] },
        markOf(TOP, 'uid', 180, { change: 2, types: ['A', 'AAAA'] }),
      ],
    });
  });

  test('of Services that lose an address come first', () => {
    const service = { name: 'zzz', namespace: 'ns' };
    const seen = afterChanges(
      [],
      planRecords(settings, [shard('1', ['192.0.2.1'], { service })], []).changes,
    );
    const down = shard('1', ['192.0.2.1'], { service, health: 'unhealthy' });
    const { changes } = planRecords(settings, [shard('1', ['192.0.2.5']), down], seen);
    expect(changes[0]!.name).toMatch(/^zzz\./);
  });
});

describe("others' records", () => {
  const foreign = { name: EU, type: 'A', ttl: 5, values: ['198.51.100.1'] };

  test('keep their name, which is told, and no CNAME leads there', () => {
    const { changes, problems } = planRecords(settings, [shard('1', []), shard('2', [])], [foreign]);
    expect(changes.map(({ name }) => name)).not.toContain(EU);
    expect(changes.find(({ name }) => name === EU_1)!.wanted[0]!.values).toEqual([TOP]);
    expect(problems).toEqual([
      { kind: 'foreign', service: shard('1', []).service, name: EU, words: 'others have records there (A)' },
    ]);
  });

  test('of another federation are known by their mark', () => {
    const mark = markOf(EU, 'another', 180, { change: 3, types: ['A'] });
    const { changes, problems } = planRecords(settings, [shard('1', ['192.0.2.1'])], [mark, foreign]);
    expect(changes.map(({ name }) => name)).toEqual([TOP, EU_1]);
    expect(problems.map(({ kind }) => kind)).toEqual(['foreign']);
    expect(planRecords(settings, [], [mark, foreign]).changes).toEqual([]);
  });

  test('beside ours stay', () => {
    const mx = { name: TOP, type: 'MX', ttl: 5, values: ['10 mail.example.com.'] };
    const seen = [mx, ...afterChanges([], planRecords(settings, [shard('1', ['192.0.2.1'])], []).changes)];
    expect(zoneAfter([shard('1', ['192.0.2.2'])], seen)).toContain(`${TOP} MX 10 mail.example.com.`);
    expect(zoneAfter([], seen)).toEqual([`${TOP} MX 10 mail.example.com.`]);
  });
});

describe('what cannot be in DNS', () => {
  test('is told: a region that divides names, a name too long, too many addresses', () => {
    const odd = shard('1', ['192.0.2.1'], { region: 'svc' });
    expect(planRecords(settings, [odd], []).problems[0]!.words).toBe('"svc" cannot be a label of a DNS name');
    const service = { name: 's'.repeat(63), namespace: 'n'.repeat(63) };
    const long = shard('1', ['192.0.2.1'], { service, region: 'r'.repeat(63), zone: 'z'.repeat(63) });
    const plan = planRecords(settings, [long], []);
    expect(plan.problems.map(({ words }) => words)).toEqual(['it would be longer than a DNS name can be']);
    expect(plan.changes).toHaveLength(2);
    const many = Array.from({ length: 30 }, (_, index) => `192.0.2.${index}`);
    expect(planRecords(settings, [shard('1', many)], []).problems[0]!.words).toBe(
      '25 of its 30 addresses are in DNS',
    );
  });
});
