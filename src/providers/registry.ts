import { aws } from './aws/traits.ts';
import { gce } from './gce/traits.ts';
import { local } from './local/traits.ts';
import type { OpenProvider } from './provider.ts';
import type { ProviderTraits } from './traits.ts';

interface Registered extends ProviderTraits {
  /** Loads its code, the clients of its cloud included: a second for some. */
  readonly load: () => Promise<{ readonly open: OpenProvider }>;
}

/** Every provider there is, the default first. A new one is a folder and a line here: nothing else knows one by name. */
export const providers = {
  local: { ...local, load: () => import('./local/index.ts') },
  gce: { ...gce, load: () => import('./gce/index.ts') },
  aws: { ...aws, load: () => import('./aws/index.ts') },
} satisfies Record<string, Registered>;

export type ProviderName = keyof typeof providers;

export const providerNames = Object.keys(providers) as [ProviderName, ...ProviderName[]];

/** The region that a zone of this provider is in. */
export function regionOf(provider: ProviderName, zone: string): string {
  return providers[provider].zones.regionOf(zone) || zone;
}
