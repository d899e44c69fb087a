import { expect, it } from 'vitest';
import { ZONE } from '../../../src/cluster/model/names.ts';
import { providerNames, providers, regionOf } from '../../../src/providers/registry.ts';

it.each(providerNames)('the zones and regions of %s are ones that a spec can hold', (name) => {
  const { zones } = providers[name];
  for (const zone of [zones.first, zones.example]) {
    expect(zone).toMatch(ZONE);
    expect(regionOf(name, zone)).toMatch(ZONE);
    const first = zones.firstIn(regionOf(name, zone));
    if (first !== null) expect(regionOf(name, first)).toBe(regionOf(name, zone));
  }
});

it.each(providerNames)('no two settings of %s are set by one variable', (name) => {
  const { settings, variables } = providers[name];
  const all = [variables.cluster, variables.zone, ...Object.values(settings).map((one) => one ?? [])].flat();
  expect(new Set(all).size).toBe(all.length);
});

it.each([
  ['local', 'local-a', 'local'],
  ['gce', 'europe-west1-b', 'europe-west1'],
  ['aws', 'eu-west-1a', 'eu-west-1'],
  ['local', '-a', '-a'],
] as const)('a zone of %s, %s, is in the region %s', (provider, zone, region) => {
  expect(regionOf(provider, zone)).toBe(region);
});
