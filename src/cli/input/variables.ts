import type { ProviderSettings } from '../../providers/provider.ts';
import { type ProviderName, providerNames, providers } from '../../providers/registry.ts';
import type { More } from '../flag.ts';

/** Variables of kube-up that set a flag, in order. */
export function kubeUp(...names: string[]): More {
  return { variables: names.map((name) => ({ name })) };
}

/** The variables of all providers for one thing, each with those that it counts for. */
export function byProvider(what: 'cluster' | 'zone' | keyof ProviderSettings): More {
  const found = new Map<string, ProviderName[]>();
  for (const provider of providerNames) {
    const { settings, variables } = providers[provider];
    const names = what === 'cluster' || what === 'zone' ? variables[what] : settings[what];
    for (const name of names ?? []) found.set(name, [...(found.get(name) ?? []), provider]);
  }
  return { variables: [...found].map(([name, only]) => ({ name, providers: only })) };
}
