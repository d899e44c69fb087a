/** How the Elastic IP gets to a node of the load balancer. */
export type Route =
  /** Enable this further zone, with the address: one call. */
  | { readonly kind: 'add'; readonly zone: string }
  /** All zones are enabled: disable this one first, while nobody depends on it, then enable it with the address. */
  | { readonly kind: 'readd'; readonly zone: string }
  /** Its only zone cannot be disabled: the load balancer is made anew, with the address. Takes minutes. */
  | { readonly kind: 'rebuild'; readonly zone: string };

export interface RouteInput {
  /** Zones that the load balancer has now, other than one that has the address already. */
  readonly enabled: readonly string[];
  /** Zones with a usable subnet. */
  readonly subnets: readonly string[];
  /** Zones that are not to be used. */
  readonly lost: readonly string[];
  /** The zone in which the address is preferably placed: where it was, on its machine. */
  readonly near: string | null;
}

/**
 * The address can only be given to a node as that node is made (ELBv2 reference, SetSubnets), and a zone's node is made
 * when the zone is enabled. A zone that holds no target is best: then every target has been found healthy before, and
 * stays so. Null: there is no usable zone at all.
 */
export function chooseRoute({ enabled, subnets, lost, near }: RouteInput): Route | null {
  const usable = (zone: string) => !lost.includes(zone);
  const first = (zones: readonly string[]) => zones.find((zone) => zone === near) ?? [...zones].sort()[0];
  const spare = first(subnets.filter((zone) => usable(zone) && !enabled.includes(zone)));
  // Without any enabled zone left there is nothing to add to: it has to be made anew.
  if (spare) return { kind: enabled.length > 0 ? 'add' : 'rebuild', zone: spare };
  const again = first(enabled.filter(usable));
  if (!again) return null;
  return { kind: enabled.length > 1 ? 'readd' : 'rebuild', zone: again };
}
