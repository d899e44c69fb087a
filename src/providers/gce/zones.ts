import type { Context } from './api/cloud.ts';
import { GceError } from './api/errors.ts';
import { region } from './api/schemas.ts';
import { lastPart } from './names.ts';

/** The zones of the cluster's region, in order. Asked for once: a region's zones do not change while haup runs. */
export function zoneReader(context: Context): () => Promise<readonly string[]> {
  let known: Promise<readonly string[]> | undefined;
  return () => {
    known ??= readZones(context).catch((error) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}

async function readZones({ cloud, cluster }: Context): Promise<readonly string[]> {
  const found = await cloud.get('regions.get', { region: cluster.region }, region);
  if (found) return found.zones.map(lastPart).sort();
  const regions = await cloud.list('regions.list', {}, region);
  const continent = cluster.region.split('-')[0] ?? '';
  const near = regions.map((each) => each.name).filter((name) => name.startsWith(continent));
  throw new GceError('not-found', 'region', `Compute Engine has no region ${cluster.region}`, {
    advice:
      near.length > 0 ? `Regions nearby: ${near.join(', ')}.` : 'gcloud compute regions list names them.',
  });
}

/** @throws ProviderError `invalid` for a zone that the region does not have. */
export async function mustBeZone(zones: () => Promise<readonly string[]>, zone: string): Promise<void> {
  const known = await zones();
  if (known.includes(zone)) return;
  throw new GceError('invalid', 'zone', `there is no zone ${zone} in this cluster's region`, {
    advice: `Its zones are ${known.join(', ')}.`,
  });
}
