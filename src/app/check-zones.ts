import { NotFoundError } from '../cluster/model/errors.ts';
import type { Provider } from '../providers/provider.ts';

/** @throws NotFoundError for the first of these zones that the region has not */
export async function checkZones(
  provider: Provider,
  region: string,
  zones: readonly string[],
): Promise<void> {
  const known = await provider.zones();
  for (const zone of zones) {
    if (!known.includes(zone)) throw new NotFoundError(`zone in the region ${region}`, zone, known);
  }
}
