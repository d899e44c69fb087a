import type { ProviderName } from '../providers/provider.ts';

/** GCE's and the local provider's zones are `<region>-<letter>`, AWS's `<region><letter>`. */
export function regionOf(provider: ProviderName, zone: string): string {
  const region = provider === 'aws' ? zone.replace(/[a-z]$/, '') : zone.replace(/-[a-z]$/, '');
  return region || zone;
}
