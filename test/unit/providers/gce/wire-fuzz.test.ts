import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { checked } from '../../../../src/providers/checked.ts';
import { ProviderError } from '../../../../src/providers/errors.ts';
import { openClients } from '../../../../src/providers/gce/api/rest.ts';
import type { Provider } from '../../../../src/providers/provider.ts';
import { damage, mangled } from '../../../support/mangled.ts';
import { quickClock } from '../../../support/quick-clock.ts';
import { providerWith, uid } from './provider-with.ts';

// Many inputs: how long they take is the host's affair.
vi.setConfig({ testTimeout: 600_000 });

/** More of them: HAUP_FUZZ_RUNS=20000 */
const RUNS = Number(process.env.HAUP_FUZZ_RUNS ?? (process.env.CI ? 400 : 100));

const zone = 'https://compute.googleapis.com/compute/v1/projects/p/zones/europe-west1-b';
const instance = (name: string, at: number) => ({
  kind: 'compute#instance',
  id: `123456789012345678${at}`,
  name,
  zone,
  selfLink: `${zone}/instances/${name}`,
  status: 'RUNNING',
  creationTimestamp: '2026-11-25T00:00:00.000-08:00',
  labels: { 'haup-uid': uid, 'haup-role': 'master', 'haup-replica': name },
  networkInterfaces: [
    {
      name: 'nic0',
      networkIP: `10.0.0.${at}`,
      accessConfigs: [{ name: 'External NAT', natIP: `203.0.113.${at}` }],
    },
  ],
});

const truth: Readonly<Record<string, unknown>> = {
  'aggregated/instances': {
    kind: 'compute#instanceAggregatedList',
    items: {
      'zones/europe-west1-b': { instances: [instance('demo-master', 2), instance('demo-master-abc', 3)] },
      'zones/europe-west1-c': { warning: { code: 'NO_RESULTS_ON_PAGE', message: 'No results' } },
    },
  },
  addresses: {
    name: `demo-${uid.slice(0, 8)}-api`,
    address: '198.51.100.10',
    status: 'RESERVED',
    description: `haup-cluster=demo haup-uid=${uid}`,
    users: [],
  },
  'regions/europe-west1': { name: 'europe-west1', zones: [zone, zone.replace(/b$/, 'c')] },
};
const notFound = {
  error: { code: 404, message: 'not found', errors: [{ reason: 'notFound', message: 'not found' }] },
};

function answerTo(url: string): { key: string; status: number; body: unknown } {
  const path = new URL(url).pathname.replace(/^.*\/projects\/p\//, '');
  const key = path.startsWith('aggregated/instances')
    ? 'aggregated/instances'
    : /addresses\/[^/]+$/.test(path)
      ? 'addresses'
      : path;
  if (key in truth) return { key, status: 200, body: truth[key] };
  // A list without items, or a thing that is not there.
  return /\/(firewalls|forwardingRules|instanceGroups|disks|backendServices|healthChecks)$/.test(path)
    ? { key: 'else', status: 200, body: { kind: 'compute#list', id: path } }
    : { key: 'else', status: 404, body: notFound };
}

let answer: (url: string) => { status: number; text: string };
const asked: string[] = [];
/** Made once: reading the description of the API takes half a second. */
const clients = openClients({
  auth: () => ({
    getClient: async () => ({}),
    fetch: async (url, init) => {
      if ((init.method ?? 'GET').toUpperCase() !== 'GET') asked.push(`${init.method} ${url}`);
      const { status, text } = answer(url);
      return new Response(status === 204 ? null : text, { status });
    },
  }),
  endpoint: null,
});

function provider(): Provider {
  return checked(providerWith(clients, quickClock(20), () => 0.5));
}

async function seen(): Promise<unknown[]> {
  const p = provider();
  const looks = [p.machines.list(), p.address.read(), p.balancer.read(), p.network.ready(), p.zones()];
  return (await Promise.allSettled<unknown>(looks)).map((outcome) => {
    if (outcome.status === 'fulfilled') return outcome.value;
    expect(outcome.reason, outcome.reason?.stack).toBeInstanceOf(ProviderError);
    // Nothing that is answered is the user's wrong input.
    expect(outcome.reason).not.toMatchObject({ kind: 'invalid', reason: 'client' });
    expect(String(outcome.reason.message)).not.toContain('\n');
    expect(String(outcome.reason.message).length).toBeLessThan(2000);
    return undefined;
  });
}

const whole = (url: string) => {
  const { status, body } = answerTo(url);
  return { status, text: JSON.stringify(body) };
};

it('a cluster that is answered for as Compute Engine does is seen as it is', async () => {
  answer = whole;
  const [machines, , , , zones] = await seen();
  expect(machines).toMatchObject([
    { name: 'demo-master', state: 'running', internalIp: '10.0.0.2' },
    { name: 'demo-master-abc', state: 'running', externalIp: '203.0.113.3' },
  ]);
  expect(zones).toEqual(['europe-west1-b', 'europe-west1-c']);
});

it('whatever comes over the wire in the place of an answer, with the real client, is one error of the provider’s, or says what is', async () => {
  const damaged = fc.record({
    key: fc.constantFrom(...Object.keys(truth), 'else'),
    all: fc.array(damage, { minLength: 1, maxLength: 2 }),
    status: fc.option(fc.constantFrom(200, 302, 403, 407, 500), { freq: 4 }),
  });
  let conclusions = 0;
  await fc.assert(
    fc.asyncProperty(damaged, async ({ key, all, status }) => {
      answer = (url) => {
        const one = answerTo(url);
        if (one.key !== key) return { status: one.status, text: JSON.stringify(one.body) };
        return { status: status ?? one.status, text: mangled(one.body, all) };
      };
      asked.length = 0;
      const [machines] = await seen();
      expect(asked).toEqual([]); // looking changes nothing
      if (machines === undefined) return;
      conclusions += 1;
      // Half an answer, noise in it or something else in its place is no cloud without machines.
      if (all.every((one) => one.kind === 'cut' || one.kind === 'noise') && status === null)
        expect(machines).toHaveLength(2);
    }),
    { seed: 8, numRuns: RUNS },
  );
  expect(conclusions).toBeGreaterThan(RUNS / 4);
});
