import fc from 'fast-check';
import { expect, it } from 'vitest';
import { checked } from '../../../src/providers/checked.ts';
import { ProviderError } from '../../../src/providers/errors.ts';
import type { Machine, Provider } from '../../../src/providers/provider.ts';

const machine: Machine = {
  name: 'demo-master',
  role: 'master',
  zone: 'eu-west-1a',
  state: 'running',
  internalIp: '10.0.0.2',
  externalIp: '203.0.113.1',
  sshHost: '203.0.113.1',
};

/** Only what is asked of it here. */
function saying(answers: { list?: unknown; read?: unknown; balancer?: unknown }): Provider {
  return checked({
    name: 'aws',
    machines: { list: async () => answers.list },
    address: { read: async () => answers.read },
    balancer: { read: async () => answers.balancer },
  } as unknown as Provider);
}

it('what a provider says of its machines passes as it is', async () => {
  const stopped = {
    ...machine,
    name: 'i-0123',
    state: 'stopped',
    internalIp: '',
    externalIp: null,
    sshHost: null,
  };
  expect(await saying({ list: [machine, stopped] }).machines.list()).toEqual([machine, stopped]);
  expect(await saying({ read: null }).address.read()).toBeNull();
  expect(await saying({ balancer: null }).balancer.read()).toBeNull();
});

it.each([
  ['name', '$(reboot)'],
  ['name', 'demo\u001b[2J'],
  ['name', 'Demo'],
  ['name', ''],
  ['zone', '../../etc'],
  ['internalIp', '10.0.0.2; reboot'],
  ['externalIp', ''],
  ['sshHost', '-oProxyCommand=reboot'],
])('a machine whose %s is %j is no list of machines: nothing is planned from it', async (field, value) => {
  const list = saying({ list: [machine, { ...machine, [field]: value }] }).machines.list();
  await expect(list).rejects.toMatchObject({
    kind: 'transient',
    message: expect.stringContaining(`1.${field}`),
  });
});

it('whatever a cloud says is taken whole, or not at all and with one error', async () => {
  const odd = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('10.0.0.1', 'demo-master', '::1', null, 7),
  );
  const any = fc.oneof(
    fc.jsonValue(),
    fc.array(fc.record({ name: odd, zone: odd, internalIp: odd, externalIp: odd, sshHost: odd })),
    fc.record({
      ip: odd,
      holder: fc.record({ kind: fc.constantFrom('machine', 'balancer', 'x'), name: odd }),
    }),
    fc.record({ targets: fc.array(fc.record({ replica: odd })), dnsName: odd }),
  );
  await fc.assert(
    fc.asyncProperty(any, async (said) => {
      const provider = saying({ list: said, read: said, balancer: said });
      const asked = [provider.machines.list(), provider.address.read(), provider.balancer.read()];
      for (const one of await Promise.allSettled<unknown>(asked)) {
        if (one.status === 'fulfilled') expect(one.value).toBe(said);
        else expect(one.reason).toBeInstanceOf(ProviderError);
      }
      const list = await provider.machines.list().catch(() => []);
      for (const { name, zone, internalIp } of list)
        expect(`${name}${zone}${internalIp}`).toMatch(/^[-a-z0-9.:]*$/i);
    }),
    { numRuns: 5_000 },
  );
});
