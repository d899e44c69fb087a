import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import type { Clients } from '../../../../src/providers/gce/api/rest.ts';
import type { Provider } from '../../../../src/providers/provider.ts';
import { quickClock } from '../../../support/quick-clock.ts';
import { providerWith } from './provider-with.ts';

// Many inputs: how long they take is the host's affair.
vi.setConfig({ testTimeout: 600_000 });

/** A provider to which every call is answered with the same message, in a time that does not pass. */
function answered(message: unknown): Provider {
  const call = async () => [message, null, message];
  const clients: Clients = {
    of: async () => ({
      initialize: async () => undefined,
      close: async () => undefined,
      innerApiCalls: new Proxy({}, { get: () => call }) as never,
    }),
    close: async () => {},
  };
  return providerWith(clients, quickClock(), Math.random);
}

const fields = [
  'name',
  'items',
  'status',
  'labels',
  'zone',
  'networkInterfaces',
  'address',
  'users',
  'error',
  'backends',
];
const reply = fc.oneof(
  fc.jsonValue(),
  fc.dictionary(fc.constantFrom(...fields, 'nextPageToken', 'instances', 'selfLink'), fc.jsonValue()),
  fc.record({
    items: fc.dictionary(
      fc.constantFrom('zones/europe-west1-b', 'x'),
      fc.record({ instances: fc.array(fc.dictionary(fc.constantFrom(...fields), fc.jsonValue())) }),
    ),
  }),
);

it('an answer of another form is an error that says so, never a defect and never an empty cloud', async () => {
  await fc.assert(
    fc.asyncProperty(reply, async (message) => {
      const provider = answered(message);
      const asked = [
        provider.machines.list(),
        provider.address.read(),
        provider.balancer.read(),
        provider.network.ready(),
        provider.zones(),
      ];
      for (const one of await Promise.allSettled<unknown>(asked)) {
        if (one.status === 'rejected') expect(String(one.reason?.name)).toBe('ProviderError');
      }
    }),
    { numRuns: 2_000 },
  );
});

it('a list that never ends is given up', async () => {
  await expect(answered({ items: {}, nextPageToken: 'again' }).machines.list()).rejects.toMatchObject({
    kind: 'transient',
    message: expect.stringContaining('the next page is the one before'),
  });
});
