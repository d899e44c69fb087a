import { describe, expect, test } from 'vitest';
import type { ApiObject } from '../../../../src/federation/model/object.ts';
import { type ShardSight, shardsOf } from '../../../../src/federation/plan/shards.ts';

const service: ApiObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'nginx', namespace: 'web' },
};
const slice = (ready: boolean | undefined): ApiObject => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'nginx-1', namespace: 'web' },
  endpoints: [{ addresses: ['10.0.0.1'], conditions: ready === undefined ? {} : { ready } }],
});
const sight: ShardSight = {
  ...{ cluster: 'eu', region: 'europe', zone: 'europe-a', state: 'ready' },
  service: {
    ...service,
    status: { loadBalancer: { ingress: [{ ip: '198.18.0.9' }, { hostname: 'lb.example.com' }] } },
  },
  slices: [slice(true)],
};
const healthOf = (change: Partial<ShardSight>) => shardsOf(service, [{ ...sight, ...change }])[0]!;

describe('a shard', () => {
  test('is healthy with a ready endpoint and an address in a cluster that answers', () => {
    expect(healthOf({})).toEqual({
      service: { namespace: 'web', name: 'nginx' },
      ...{ cluster: 'eu', region: 'europe', zone: 'europe-a', health: 'healthy' },
      addresses: ['198.18.0.9', 'lb.example.com'],
    });
    expect(healthOf({ slices: [slice(undefined)] }).health).toBe('healthy');
  });

  test.each<[string, Partial<ShardSight>]>([
    ['no endpoint', { slices: [] }],
    ['no ready endpoint', { slices: [slice(false)] }],
    ['no address', { service }],
    ['a lost cluster', { state: 'lost' }],
    ['no Service', { service: null }],
  ])('is unhealthy with %s', (_, change) => {
    expect(healthOf(change).health).toBe('unhealthy');
  });
});
