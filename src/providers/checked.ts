import { z } from 'zod';
import { ProviderError } from './errors.ts';
import type { Address, Balancer, Machines, Provider } from './provider.ts';

/**
 * What a provider may say: names and addresses go into commands, certificates and rules, and a cloud's labels can be written by others
 * than haup.
 */
const name = z.string().regex(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, 'no name that haup gives');
const zone = z.string().regex(/^[a-z0-9][-a-z0-9]{0,62}$/, 'no zone');
const ip = z.union([z.ipv4(), z.ipv6()], 'no address');

const machine = z.looseObject({
  name,
  zone,
  // A stopped machine may have none yet.
  internalIp: z.union([ip, z.literal('')], 'no address'),
  externalIp: ip.nullable(),
  sshHost: ip.nullable(),
});
const address = z.looseObject({
  ip,
  holder: z.discriminatedUnion('kind', [
    z.looseObject({ kind: z.literal('machine'), name }),
    z.looseObject({ kind: z.literal('balancer') }),
    z.looseObject({ kind: z.literal('nobody') }),
  ]),
  zone: zone.nullish(),
});
const balancer = z.looseObject({
  targets: z.array(z.looseObject({ replica: name })),
  dnsName: z
    .string()
    .regex(/^[A-Za-z0-9]([-.A-Za-z0-9]{0,251}[A-Za-z0-9])?$/, 'no DNS name')
    .nullable(),
});

/**
 * A provider that says only what can be what it is said to be. Anything else is a `transient` error that names it: it is not known
 * then what there is, and what is not known plans nothing.
 */
export function checked(provider: Provider): Provider {
  const check = <T>(schema: z.ZodType, value: T, what: string): T => {
    const issue = schema.safeParse(value).error?.issues[0];
    if (!issue) return value;
    const where = issue.path.join('.');
    throw new ProviderError(
      'transient',
      `${provider.name} answers with what haup cannot work with: ${what}: ${where}: ${issue.message} (${shown(value, issue.path)})`,
    );
  };
  const machines: Machines = {
    ...bound(provider.machines),
    list: async () => check(z.array(machine), await provider.machines.list(), 'the list of machines'),
    create: async (request) => check(machine, await provider.machines.create(request), 'the new machine'),
    start: async (started) => check(machine, await provider.machines.start(started), 'the started machine'),
  };
  const checkedAddress: Address = {
    ...bound(provider.address),
    reserve: async () => check(address, await provider.address.reserve(), 'the API address'),
    read: async () => check(address.nullable(), await provider.address.read(), 'the API address'),
  };
  const checkedBalancer: Balancer = {
    ...bound(provider.balancer),
    read: async () => check(balancer.nullable(), await provider.balancer.read(), 'the load balancer'),
  };
  return {
    ...bound(provider),
    zones: async () => check(z.array(zone), await provider.zones(), 'the zones'),
    machines,
    address: checkedAddress,
    balancer: checkedBalancer,
  };
}

/** The object's own fields, its functions bound to it: a copy of it works as it does. */
function bound<T extends object>(object: T): T {
  const fields = Object.entries(object).map(([key, value]) => [
    key,
    typeof value === 'function' ? value.bind(object) : value,
  ]);
  return Object.fromEntries(fields) as T;
}

function shown(value: unknown, path: readonly PropertyKey[]): string {
  const at = path.reduce<unknown>((each, key) => (each as Record<PropertyKey, unknown> | null)?.[key], value);
  const text = JSON.stringify(at) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
