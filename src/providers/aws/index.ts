import { systemClock } from '../../util/clock.ts';
import { once } from '../../util/once.ts';
import { ProviderError } from '../errors.ts';
import type { OpenProvider, Provider, ProviderOptions } from '../provider.ts';
import { operatorAddress } from '../shared/operator-address.ts';
import { findAccount, mustBeAccount } from './account.ts';
import { address } from './address/address.ts';
import { management } from './address/management.ts';
import { type ApiOptions, openApi } from './api/api.ts';
import { balancer } from './balancer/balancer.ts';
import { drainSeconds } from './balancer/build.ts';
import type { Context } from './context.ts';
import { groups } from './groups.ts';
import { interruption } from './interruption.ts';
import { machines } from './machines.ts';
import { network } from './network.ts';
import { placement } from './placement.ts';
import { podRoutes } from './pod-routes.ts';
import { reach } from './reach.ts';
import { aws } from './traits.ts';
import { describeZones } from './zones.ts';

/** What tests put in the place of the world. */
export interface Surroundings extends Partial<Pick<ApiOptions, 'clock' | 'random' | 'around' | 'client'>> {
  readonly operatorAddress?: () => Promise<string>;
  readonly reach?: Context['reach'];
}

/** EC2 with a network load balancer. Credentials and endpoint by the SDK's usual chain; the region is the cluster's. */
export const open: OpenProvider = (options) => openIn(options, {});

export function openIn(options: ProviderOptions, surroundings: Surroundings): Provider {
  const { cluster, settings, signal, progress } = options;
  refuseForeign(options);
  const clock = surroundings.clock ?? systemClock;
  const api = openApi({ ...surroundings, region: cluster.region, clock, signal });
  const context: Context = {
    cluster,
    settings,
    api,
    clock,
    progress,
    reach: surroundings.reach ?? reach,
    podRange: options.podRange,
    operatorAddress: once(surroundings.operatorAddress ?? (() => operatorAddress(signal))),
  };
  const account = once(() => findAccount(context));
  const place = placement(context);
  const access = groups(context, place);
  const own = management(context);
  const routes = podRoutes(context, place);
  const parts = { placement: place, groups: access, management: own, routes };
  const front = balancer(context, parts);
  return {
    name: 'aws',
    capabilities: aws.capabilities,
    preflight: () => preflight(context, account),
    home: async () => ({ account: (await account()) ?? undefined }),
    zones: async () => (await describeZones(context)).map((zone) => zone.ZoneName),
    machines: machines(context, parts),
    address: address(context, parts),
    balancer: front,
    network: network(context, { groups: access, management: own, balancer: front, routes }),
    binaries: { kind: 'download' },
    drainSeconds,
    interruption: (zones) => interruption(zones, settings),
    async close() {
      api.close();
    },
  };
}

function refuseForeign({ settings }: ProviderOptions): void {
  if (settings.project === undefined) return;
  throw new ProviderError('invalid', 'AWS has no setting project', {
    advice: 'Leave it out; the account is that of the credentials.',
    setting: 'project',
  });
}

/** One harmless call says whether the credentials work, and whether the region exists; another one whether the account is the cluster's. */
async function preflight(context: Context, account: () => Promise<string | null>): Promise<void> {
  try {
    const zones = await describeZones(context);
    if (!zones.some((zone) => zone.ZoneName === context.cluster.zone)) {
      throw new ProviderError('not-found', `AWS has no zone ${context.cluster.zone} here`, {
        advice: `The zones of ${context.cluster.region} are ${zones.map((zone) => zone.ZoneName).join(', ')}.`,
      });
    }
    await mustBeAccount(context, account);
  } catch (error) {
    if (!(error instanceof ProviderError) || error.kind !== 'denied') throw error;
    const advice = error.advice ?? 'aws configure, or aws sso login, gives this host credentials.';
    throw new ProviderError('preflight', error.message, { advice, cause: error });
  }
}
