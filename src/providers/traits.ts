import type { Capabilities, ProviderSettings } from './provider.ts';

/**
 * What is known of a provider without loading it: each folder's `traits.ts` says it, and `registry.ts` lists them all. Whoever wants
 * to know what a provider can do asks here or the provider itself, and never for its name.
 */
export interface ProviderTraits {
  readonly zones: ZoneRules;
  /** What it reads of the user's settings. */
  readonly settings: SettingRules;
  /** Variables of kube-up that name its clusters and zones, the first that is set counts. */
  readonly variables: { readonly cluster: readonly string[]; readonly zone: readonly string[] };
  readonly capabilities: Capabilities;
  /** Ranges that neither pods nor Services can have, where every cluster's machines have the same. */
  readonly networks: readonly { readonly cidr: string; readonly whose: string }[];
}

export interface ZoneRules {
  /** Where the first replica stands that nobody has named a zone or a region for. */
  readonly first: string;
  /** The same within a region; null where the region's name does not say which zones it has. */
  firstIn(region: string): string | null;
  regionOf(zone: string): string;
  /** A zone as users of this cloud know them, for messages. */
  readonly example: string;
}

/** For each setting the variables of kube-up that set it, the first that is set counts; null: it has no such setting. */
export type SettingRules = Readonly<Record<keyof ProviderSettings, readonly string[] | null>>;
