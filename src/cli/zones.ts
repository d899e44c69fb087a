import { type ProviderName, providers } from '../providers/registry.ts';
import type { Source } from './command.ts';
import { UsageError } from './errors.ts';

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
  if (flags.zones && sources.zone === 'flag' && sources.zones === 'flag') {
    throw new UsageError('--zone and --zones: name one of them');
  }
  const many = strength[sources.zones] >= strength[sources.zone] ? flags.zones : undefined;
  const zones = many ?? [flags.zone ?? defaultZone(flags, labels.region)];
  const count = flags.replicas ?? zones.length;
  if (count < zones.length) {
    throw new UsageError(
      `${labels.replicas} ${count} is less than the ${zones.length} zones of ${labels.zones}`,
    );
  }
  return Array.from({ length: count }, (_, index) => zones[index % zones.length]!);
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
  return Array.from({ length: count }, (_, index) => zones[index % zones.length]!);
}
