import { probePlaceOf, routeRule, rulesOf } from './balancing.ts';
import type { GceCloud } from './cloud.ts';
import { membersOf } from './groups.ts';

const INTERVAL_MS = 1000;
/** haup's health check: one success makes healthy, three failures unhealthy, every two seconds. */
const CHECK_MS = 2000;
const UNHEALTHY_AFTER = 3;

/**
 * Google's health checkers, for machines whose health changes by itself: they probe all the time, and a rule's packets
 * follow what they find. Returns the function that stops them.
 */
export function startProber(cloud: GceCloud): () => Promise<void> {
  let stopped = false;
  const failures = new Map<string, number>();

  async function round(): Promise<void> {
    const services = cloud.store.all('backendServices');
    const probed = new Set<string>();
    for (const service of services) {
      const backends = (service.message.backends as { group: string }[] | undefined) ?? [];
      const members = backends.flatMap((each) => [...membersOf(cloud, cloud.store.pathOf(each.group))]);
      const { port, path } = probePlaceOf(cloud, service);
      await Promise.all(
        members.map(async (member) => {
          const id = String(cloud.store.find(member)?.message.id);
          const good = await cloud.realizer.probe(id, port, path);
          const bad = good ? 0 : (failures.get(member) ?? UNHEALTHY_AFTER) + 1;
          failures.set(member, bad);
          probed.add(member);
          cloud.observed.set(member, bad < UNHEALTHY_AFTER);
        }),
      );
      for (const rule of rulesOf(cloud, service.path)) await routeRule(cloud, rule);
    }
    for (const member of failures.keys()) {
      if (probed.has(member)) continue;
      failures.delete(member);
      cloud.observed.delete(member);
    }
  }

  const running = (async () => {
    while (!stopped) {
      const began = cloud.clock.now();
      await round().catch(() => {}); // a machine may go while it is probed
      await cloud.clock.sleep(Math.max(INTERVAL_MS, CHECK_MS - (cloud.clock.now() - began)));
    }
  })();
  return async () => {
    stopped = true;
    await running;
  };
}
