import type { GceCloud, Handler } from './cloud.ts';
import { invalid, Refusal } from './refusal.ts';
import type { Resource } from './store.ts';

const pathOf = (region: string | undefined, name: string | undefined) =>
  `regions/${region}/addresses/${name}`;

export const addressHandlers: Readonly<Record<string, Handler>> = {
  'addresses.get': (cloud, { params }) => cloud.store.get(pathOf(params.region, params.address)).message,
  'addresses.insert'(cloud, ask) {
    const { region = '' } = ask.params;
    // "These can only be added or modified by the setLabels method" (compute v1 reference, Address.labels).
    if (Object.keys((ask.body.labels as object | undefined) ?? {}).length > 0)
      throw invalid("Invalid value for field 'resource.labels'");
    return cloud.insert(ask, {
      scope: `regions/${region}`,
      collection: 'addresses',
      kind: 'address',
      message: {
        ...ask.body,
        addressType: 'EXTERNAL',
        status: 'RESERVING',
        networkTier: 'PREMIUM',
        users: [],
      },
      begin: ({ message }) => {
        message.address = cloud.realizer.allocateAddress();
      },
      apply: (resource) => {
        resource.message.status = 'RESERVED';
      },
      undo: ({ message }) => cloud.realizer.freeAddress(String(message.address)),
    });
  },
  'addresses.delete'(cloud, ask) {
    const path = pathOf(ask.params.region, ask.params.address);
    const check = () => {
      const users = cloud.store.get(path).message.users as string[];
      if (users.length > 0)
        throw new Refusal(
          400,
          'resourceInUseByAnotherResource',
          `The address resource '${path}' is already being used by '${users[0]}'`,
        );
    };
    return cloud.delete(ask, path, {
      check,
      apply: () => cloud.realizer.freeAddress(String(cloud.store.get(path).message.address)),
    });
  },
};

/** The static address with this number; undefined when the number is an ephemeral one. */
function staticAddress(cloud: GceCloud, ip: string): Resource | undefined {
  return cloud.store.all('addresses').find((each) => each.message.address === ip);
}

/** What Compute Engine says of an address that is in use, by what it is asked for. The second is not confirmed. */
const IN_USE = {
  rule: (ip: string) =>
    `Invalid value for field 'resource.IPAddress': '${ip}'. Specified IP address is in-use and would result in a conflict.`,
  instance: (ip: string) =>
    `Invalid value for field 'resource.natIP': '${ip}'. Specified IP address is already allocated to an instance.`,
} as const;

/**
 * One static external address has one user (kube-up cluster/gce/util.sh; kubernetes/ingress-gce#2735), and it is of
 * the user's region (hashicorp/terraform#19231). @throws 400.
 */
export function mustBeFree(cloud: GceCloud, ip: string, region: string, as: keyof typeof IN_USE): void {
  const found = staticAddress(cloud, ip);
  if (!found)
    throw invalid(
      `Invalid value for field 'natIP': '${ip}'. The specified external IP address '${ip}' was not found in region '${region}'.`,
    );
  if (!found.path.startsWith(`regions/${region}/`))
    throw invalid(`The address ${ip} is not in the region ${region}`);
  if (found.message.status === 'RESERVING')
    throw new Refusal(400, 'resourceNotReady', `The resource '${found.path}' is not ready`);
  const users = found.message.users as string[];
  const lingers = (cloud.lingering.get(ip) ?? 0) > cloud.clock.now();
  if (users.length > 0 || lingers) {
    if (cloud.rules.addressInUse === 'invalid') throw invalid(IN_USE[as](ip));
    throw new Refusal(
      400,
      'ipInUse',
      `External IP address: ${ip} is already being used by another resource: ${users[0] ?? 'the former one'}`,
    );
  }
}

export function use(cloud: GceCloud, ip: string, user: string): void {
  const found = staticAddress(cloud, ip);
  if (found) Object.assign(found.message, { status: 'IN_USE', users: [cloud.store.link(user)] });
}

/** Lets go of an address: a static one stays reserved, an ephemeral one is anybody's again. */
export function letGo(cloud: GceCloud, ip: string): void {
  const found = staticAddress(cloud, ip);
  if (!found) {
    cloud.realizer.freeAddress(ip);
    return;
  }
  Object.assign(found.message, { status: 'RESERVED', users: [] });
  if (cloud.rules.lingeringUse) cloud.lingering.set(ip, cloud.clock.now() + cloud.delay('lingering'));
}
