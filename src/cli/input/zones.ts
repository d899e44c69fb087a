import { type ProviderName, providers } from '../../providers/registry.ts';
import type { Call, Source } from '../command.ts';
import { UsageError } from '../errors.ts';
import type * as flags from '../flags.ts';

interface ZoneFlags {
  readonly provider: ProviderName;
  readonly region: string | undefined;
  readonly zone: string | undefined;
  readonly zones: readonly string[] | undefined;
  readonly replicas: number | undefined;
}

const strength: Record<Source, number> = { flag: 3, variable: 2, file: 1, default: 0 };

/**
 * The zone of each replica of a new cluster, one a replica: the zones named, in turn.
 * @throws UsageError when --zone and --zones, or --zones and --replicas, contradict each other.
 */
export function zonesFor(
  flags: ZoneFlags,
  sources: { readonly zone: Source; readonly zones: Source },
  labels: { readonly zones: string; readonly replicas: string; readonly region: string },
): string[] {
  if (flags.zones && sources.zone === 'flag' && sources.zones === 'flag') throw both();
  const many = strength[sources.zones] >= strength[sources.zone] ? flags.zones : undefined;
  const zones = many ?? [flags.zone ?? defaultZone(flags, labels.region)];
  const count = flags.replicas ?? zones.length;
  return enough(zones, count, labels.replicas, labels.zones);
}

/** The same, of replicas that kube-up's way adds to a cluster: what a file says of zones and number is of that cluster, not of them. */
export function zonesToReplicate(
  flags: ZoneFlags,
  sources: { readonly zone: Source; readonly zones: Source; readonly replicas: Source },
  labels: { readonly zones: string; readonly replicas: string; readonly region: string },
): string[] {
  const zones = sources.zones === 'file' ? undefined : flags.zones;
  const replicas = sources.replicas === 'file' ? undefined : flags.replicas;
  return zonesFor({ ...flags, zones, replicas }, sources, labels);
}

/** Where a replica stands that nobody has named a zone for. */
export function defaultZone(
  { provider, region }: Pick<ZoneFlags, 'provider' | 'region'>,
  label = '--region',
): string {
  const { zones } = providers[provider];
  const zone = region === undefined ? zones.first : zones.firstIn(region);
  if (zone === null) throw new UsageError(`${label} ${region} needs a --zone in it`);
  return zone;
}

/** The zone of each node of a new cluster: those named for nodes, or else the replicas', in turn. */
export function nodeZonesFor(
  count: number,
  named: readonly string[] | undefined,
  replicaZones: readonly string[],
): string[] {
  const zones = named ?? [...new Set(replicaZones)];
  return inTurn(zones, count);
}

type Adding = Pick<Call<Pick<typeof flags, 'zone' | 'zones' | 'count'>>, 'flags' | 'sources' | 'labels'>;

/**
 * The zones that --zone or --zones name for machines that are to come; none where neither does. Those of a file do not count: they are
 * where `create` puts a cluster's replicas, not a wish for one machine more in each.
 * @throws UsageError when both are flags.
 */
export function namedZones({ flags: { zone, zones }, sources }: Adding): readonly string[] {
  if (sources.zone === 'flag' && sources.zones === 'flag') throw both();
  const many = sources.zones !== 'file' && strength[sources.zones] >= strength[sources.zone];
  return (many ? zones : undefined) ?? (zone === undefined ? [] : [zone]);
}

/** One of these zones for each of --count machines, or each of them once. */
export function zonesToAdd<Z>({ flags: { count }, labels }: Adding, zones: readonly Z[]): Z[] {
  return enough(zones, count ?? zones.length, labels.count, labels.zones);
}

/** @throws UsageError when that would leave out a zone that was named; `of` and `label` are what said the count and the zones. */
function enough<Z>(zones: readonly Z[], count: number, of: string, label: string): Z[] {
  if (count < zones.length)
    throw new UsageError(`${of} ${count} is less than the ${zones.length} zones of ${label}`);
  return inTurn(zones, count);
}

function inTurn<Z>(zones: readonly Z[], count: number): Z[] {
  return Array.from({ length: count }, (_, index) => zones[index % zones.length] as Z);
}

function both(): UsageError {
  return new UsageError('--zone and --zones: name one of them');
}
