import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Provider } from '../../../src/providers/provider.ts';
import { convergeNodes } from '../shared/nodes.ts';
import { converge, type Wanted, want } from '../shared/story.ts';
import { type Harness, startGce, ZONES } from './harness.ts';
import { allPermissions } from './permissions.ts';

const [b, c, d] = ZONES;
const story = [
  want(1, `demo-master@${b}`),
  want(2, `demo-master@${b}`, `demo-master-abc@${c}`),
  want(3, `demo-master@${b}`, `demo-master-abc@${c}`, `demo-master-def@${d}`),
  want(4, `demo-master-abc@${c}`),
  want(5),
];
/** Asked for in rare cases only, which the story does not come to. */
const RARE = [
  'compute.disks.delete',
  'compute.firewalls.get',
  'compute.forwardingRules.get',
  'compute.instanceGroups.get',
  'compute.instances.reset',
  'compute.instances.resume',
  'compute.instances.start',
  'compute.instances.stop',
  'compute.regions.list',
  'compute.routes.get',
];

/** With two masters there is a node too. */
async function make(provider: Provider, wanted: Wanted): Promise<void> {
  await converge(provider, wanted);
  const { length } = wanted.replicas;
  const nodes = length === 2 ? [{ name: 'demo-node', zone: d, pods: '10.64.0.0/24' }] : [];
  if (length > 0) await convergeNodes(provider, nodes, `${wanted.revision}`);
}

let gce: Harness;
beforeAll(async () => {
  gce = await startGce();
});
afterAll(() => gce.close());

it.each(allPermissions)('without %s it says so, and goes on once it is given', async (permission) => {
  gce.reset();
  const { cloud } = gce;
  cloud.denied.add(permission);
  let refused = 0;
  for (const wanted of story) {
    try {
      const provider = gce.open();
      await provider.zones(); // as preflight does
      await make(provider, wanted);
    } catch (error) {
      refused++;
      expect(error).toMatchObject({ kind: 'denied' });
      expect(String((error as Error).message)).toContain(`Required '${permission}' permission`);
      expect((error as { advice: string }).advice).toContain(
        `Give this account the permission ${permission}`,
      );
      cloud.denied.clear();
      await make(gce.open(), wanted);
      cloud.denied.add(permission);
    }
  }
  if (!RARE.includes(permission))
    expect({ permission, refused: refused > 0 }).toEqual({ permission, refused: true });
  expect(cloud.store.paths()).toEqual([]);
  expect(gce.realizer.addresses.size).toBe(0);
});
