import { afterAll, beforeAll, expect, it } from 'vitest';
import { converge, want } from '../shared/story.ts';
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
  'compute.firewalls.update',
  'compute.forwardingRules.get',
  'compute.instanceGroups.get',
  'compute.instances.resume',
  'compute.instances.start',
  'compute.regions.list',
];

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
      await converge(provider, wanted);
    } catch (error) {
      refused++;
      expect(error).toMatchObject({ kind: 'denied' });
      expect(String((error as Error).message)).toContain(`Required '${permission}' permission`);
      expect((error as { advice: string }).advice).toContain(
        `Give this account the permission ${permission}`,
      );
      cloud.denied.clear();
      await converge(gce.open(), wanted);
      cloud.denied.add(permission);
    }
  }
  if (!RARE.includes(permission))
    expect({ permission, refused: refused > 0 }).toEqual({ permission, refused: true });
  expect(cloud.store.paths()).toEqual([]);
  expect(gce.realizer.addresses.size).toBe(0);
});
