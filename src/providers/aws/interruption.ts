import type { Interruption, ProviderSettings } from '../provider.ts';

const oneZone =
  'The Elastic IP lives in one zone of the load balancer: if that zone is lost the address is dead until a repair ' +
  'moves it to another one (about a minute without it). Clients that use the balancer’s DNS name ' +
  '(a kubeconfig for the endpoint dns) do not depend on one zone.';

/**
 * Seconds without the API address, as users report these calls to take (sources: CLOUDS.md); not measured on a real account.
 * Several zones, or one with a second subnet elsewhere: disassociate, then SetSubnets. A single subnet: the address
 * must be free before the load balancer can be made with it.
 */
export function interruption(zones: readonly string[], settings: ProviderSettings): Interruption {
  const replacement = [1, 10] as const;
  const single = new Set(zones).size <= 1 && settings.subnets?.length === 1;
  if (!single) return { promotion: [30, 180], demotion: [20, 180], replacement, note: oneZone };
  return {
    promotion: [180, 600],
    demotion: [60, 300],
    replacement,
    note:
      'With a single subnet the load balancer can be given the address only as it is made: the API is away for minutes. ' +
      `A public subnet in a second zone shortens that to about a minute. ${oneZone}`,
  };
}
