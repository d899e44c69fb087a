import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ProviderError } from '../../src/providers/errors.ts';
import type {
  ClusterIdentity,
  Machine,
  MachineRequest,
  MachineRole,
  Provider,
} from '../../src/providers/provider.ts';
import { waitFor } from '../../src/util/wait.ts';
import type { ContractWorld } from './support/contract-world.ts';

/** The contract of `src/providers/provider.ts`, sentence by sentence, on one cluster from nothing to nothing. */
export function describeProvider(name: string, makeWorld: () => Promise<ContractWorld>): void {
  describe(`the provider contract on ${name}`, () => {
    let world: ContractWorld;
    let cluster: ClusterIdentity;
    let provider: Provider;
    const one = 'lp-one';
    const two = 'lp-two';

    const request = async (
      machine: string,
      zone: string,
      role: MachineRole = 'master',
    ): Promise<MachineRequest> => ({
      name: machine,
      role,
      zone,
      bootScript: await world.bootScript(cluster, machine),
      requestToken: `token-${machine}`,
    });
    const machine = async (wanted: string): Promise<Machine> => {
      const found = (await provider.machines.list()).find((each) => each.name === wanted);
      if (!found) throw new Error(`${wanted} is not listed`);
      return found;
    };
    const apiIp = async () => (await provider.address.read())?.ip ?? 'none reserved';
    /** Who answers on a new connection to the API address; null when nobody does in half a second. */
    const whoAnswers = async () => {
      const answer = await world.get(await apiIp(), cluster.apiPort, '/readyz', 500).catch(() => null);
      return answer?.status === 200 ? answer.body : null;
    };
    const untilAnswers = async (wanted: string) => {
      const look = async () => ((await whoAnswers()) === wanted ? true : undefined);
      await waitFor(look, { what: `${wanted} to answer on the API address`, timeoutMs: 60_000 });
    };
    const kindOf = async (call: Promise<unknown>) => {
      const error = await call.then(
        () => null,
        (reason: unknown) => reason,
      );
      return error instanceof ProviderError ? error.kind : error;
    };

    beforeAll(async () => {
      world = await makeWorld();
      cluster = world.newCluster();
      provider = world.open(cluster);
    });
    afterAll(async () => {
      const rest = world.open(cluster);
      for (const left of await rest.machines.list()) await rest.machines.delete(left.name);
      await rest.balancer.delete();
      await rest.address.release().catch(() => {});
      await rest.network.delete();
      await world.close();
    });

    test('preflight passes where everything is there', async () => {
      await provider.preflight();
    });

    test('the zones are those of the cluster’s region, in order, the cluster’s own among them', async () => {
      const zones = await provider.zones();
      expect(zones).toContain(cluster.zone);
      expect(zones).toEqual([...zones].sort());
    });

    test('before anything is made there is nothing: no machine, no address, no balancer, no network', async () => {
      expect(await provider.machines.list()).toEqual([]);
      expect(await provider.address.read()).toBeNull();
      expect(await provider.balancer.read()).toBeNull();
      expect(await provider.network.ready()).toBe(false);
    });

    test('the network is ready once ensured, and ensuring it again changes nothing', async () => {
      await provider.network.ensure();
      expect(await provider.network.ready()).toBe(true);
      const made = await world.inventory(cluster);
      await provider.network.ensure();
      expect(await world.inventory(cluster)).toEqual(made);
    });

    test('an address is reserved once, and held by nobody', async () => {
      const reserved = await provider.address.reserve();
      expect(reserved.holder).toEqual({ kind: 'nobody' });
      expect(await provider.address.reserve()).toEqual(reserved);
      expect(await provider.address.read()).toEqual(reserved);
    });

    test('a zone that does not exist makes no machine', async () => {
      const kind = await kindOf(provider.machines.create(await request(one, 'no-such-zone')));
      expect(['not-found', 'invalid']).toContain(kind);
      expect(await provider.machines.list()).toEqual([]);
    });

    test('a created machine runs, is listed as it was returned, and is reached where it says', async () => {
      const created = await provider.machines.create(await request(one, cluster.zone));
      expect(created).toMatchObject({ name: one, role: 'master', zone: cluster.zone, state: 'running' });
      expect(created.sshHost).not.toBeNull();
      expect(await provider.machines.list()).toEqual([created]);
      expect((await world.run(created, 'hostname')).trim()).toBe(one);
    });

    test('creating it again with the same token gives the same machine, and the boot script does not run again', async () => {
      const first = await machine(one);
      expect(await provider.machines.create(await request(one, cluster.zone))).toEqual(first);
      expect((await world.run(first, 'wc -l < /root/boot-script-ran')).trim()).toBe('1');
    });

    test('a machine that exists in one role is not made in another', async () => {
      const call = provider.machines.create(await request(one, cluster.zone, 'node'));
      expect(await kindOf(call)).toBe('conflict');
      expect(await provider.machines.list()).toMatchObject([{ name: one, role: 'master' }]);
    });

    test('another run of haup sees the same machine and the same address', async () => {
      const other = world.open(cluster);
      expect(await other.machines.list()).toEqual(await provider.machines.list());
      expect(await other.address.read()).toEqual(await provider.address.read());
      await other.close();
    });

    test('starting a machine that runs changes nothing', async () => {
      const running = await machine(one);
      expect(await provider.machines.start(one)).toEqual(running);
    });

    test('starting, or handing the address to, a machine that does not exist is not-found', async () => {
      expect(await kindOf(provider.machines.start('lp-none'))).toBe('not-found');
      expect(await kindOf(provider.address.handOver({ kind: 'machine', name: 'lp-none' }))).toBe('not-found');
      expect(await provider.address.read()).toMatchObject({ holder: { kind: 'nobody' } });
    });

    test('deleting a machine that does not exist is no error', async () => {
      await provider.machines.delete('lp-none');
      expect(await provider.machines.list()).toHaveLength(1);
    });

    test('a machine that is given the address answers on it; giving it again changes nothing', async () => {
      await provider.address.handOver({ kind: 'machine', name: one });
      await untilAnswers(one);
      expect(await provider.address.read()).toMatchObject({ holder: { kind: 'machine', name: one } });
      await provider.address.handOver({ kind: 'machine', name: one });
      expect(await whoAnswers()).toBe(one);
    });

    test('the holder’s own external address is the API address, or none that could be mistaken for it', async () => {
      const holder = await machine(one);
      expect(holder.externalIp).not.toBeNull();
      expect(await world.run(holder, 'hostname')).toBe(`${one}\n`);
    });

    test('an address in use is not released', async () => {
      expect(await kindOf(provider.address.release())).toBe('conflict');
      expect(await whoAnswers()).toBe(one);
    });

    test('the address cannot be given to a balancer that is not there', async () => {
      expect(['conflict', 'not-found']).toContain(
        await kindOf(provider.address.handOver({ kind: 'balancer' })),
      );
      expect(await whoAnswers()).toBe(one);
    });

    test('a master and a node made at once in two zones: the node reaches the master on the API port', async () => {
      const zones = await provider.zones();
      const [, other = zones[0]!] = zones;
      const [second, third] = await Promise.all([
        provider.machines.create(await request(two, other)),
        provider.machines.create(await request('lp-three', zones[2] ?? other, 'node')),
      ]);
      expect(second.internalIp).not.toBe(third.internalIp);
      const url = `https://${second.internalIp}:${cluster.apiPort}/readyz`;
      const fetch = `curl --silent --insecure --retry 20 --retry-delay 1 --retry-all-errors --max-time 30 ${url}`;
      expect(await world.run(third, fetch)).toBe(two);
      const again = world.open(cluster);
      expect((await again.machines.list()).map(({ name, role }) => `${name} ${role}`)).toEqual([
        `${one} master`,
        'lp-three node',
        `${two} master`,
      ]);
      await again.close();
    });

    test('the address goes straight from one machine to another, whose new external address is elsewhere', async () => {
      await provider.address.handOver({ kind: 'machine', name: two });
      await untilAnswers(two);
      const former = await machine(one);
      expect(former.externalIp).not.toBe(await apiIp());
      expect((await world.run(former, 'hostname')).trim()).toBe(one);
    });

    test('a machine reaches the API address from inside', async () => {
      const url = `https://${await apiIp()}:${cluster.apiPort}/readyz`;
      expect(await world.run(await machine(one), `curl --silent --insecure --max-time 5 ${url}`)).toBe(two);
    });

    test('a balancer is made beside the address, which stays where it is', async () => {
      await provider.balancer.ensure(await provider.zones());
      const made = await provider.balancer.read();
      expect(made).toMatchObject({ complete: true, targets: [] });
      await provider.balancer.ensure(await provider.zones());
      expect(await provider.balancer.read()).toEqual(made);
      expect(await whoAnswers()).toBe(two);
    });

    test('targets are healthy when setTargets returns, and setting them again changes nothing', async () => {
      await provider.balancer.setTargets([one, two]);
      const targets = [
        { replica: one, health: 'healthy' },
        { replica: two, health: 'healthy' },
      ];
      expect((await provider.balancer.read())?.targets).toEqual(targets);
      await provider.balancer.setTargets([two, one]);
      expect((await provider.balancer.read())?.targets).toEqual(targets);
    });

    test('a target that does not exist is not-found and changes nothing', async () => {
      expect(await kindOf(provider.balancer.setTargets([one, 'lp-none']))).toBe('not-found');
      expect((await provider.balancer.read())?.targets).toHaveLength(2);
    });

    test('the balancer that has the address sends connections to all its targets', async () => {
      await provider.address.handOver({ kind: 'balancer' });
      expect(await provider.address.read()).toMatchObject({ holder: { kind: 'balancer' } });
      const seen = new Set<string>();
      const look = async () => {
        const who = await whoAnswers();
        if (who) seen.add(who);
        return seen.size === 2 || undefined;
      };
      await waitFor(look, { what: 'both targets to answer', timeoutMs: 60_000 });
      expect([...seen].sort()).toEqual([one, two]);
      expect((await machine(two)).externalIp).not.toBe(await apiIp());
    });

    test('a target that is not ready is found unhealthy, gets no connection, and comes back', async () => {
      await world.run(await machine(two), 'touch /run/unready');
      const health = (wanted: string) => async () => {
        const targets = (await provider.balancer.read())?.targets ?? [];
        return targets.find((target) => target.replica === two)?.health === wanted || undefined;
      };
      await waitFor(health('unhealthy'), { what: 'the target to be found unhealthy', timeoutMs: 120_000 });
      await waitFor(
        async () => {
          const five = [await whoAnswers(), await whoAnswers(), await whoAnswers(), await whoAnswers()];
          return five.every((who) => who === one) || undefined;
        },
        { what: 'only the healthy target to answer', timeoutMs: 60_000 },
      );
      await world.run(await machine(two), 'rm /run/unready');
      await waitFor(health('healthy'), { what: 'the target to be found healthy', timeoutMs: 120_000 });
    });

    test('a removed target gets no new connection', async () => {
      await provider.balancer.setTargets([one]);
      expect((await provider.balancer.read())?.targets).toEqual([{ replica: one, health: 'healthy' }]);
      for (let request = 0; request < 10; request++) expect(await whoAnswers()).toBe(one);
    });

    test('the address goes back from the balancer to a machine', async () => {
      await provider.address.handOver({ kind: 'machine', name: one });
      await untilAnswers(one);
      expect(await provider.address.read()).toMatchObject({ holder: { kind: 'machine', name: one } });
      await provider.balancer.delete();
      expect(await provider.balancer.read()).toBeNull();
      await provider.balancer.delete();
      expect(await whoAnswers()).toBe(one);
    });

    test('a call with an aborted signal ends with its reason', async () => {
      const reason = new Error('interrupted');
      const aborted = world.open(cluster, AbortSignal.abort(reason));
      await expect(aborted.machines.list()).rejects.toBe(reason);
    });

    test('a route for pods is made once, leads elsewhere when that is wanted, and goes', async () => {
      const { routes } = provider.network;
      expect(await routes.list()).toEqual([]);
      await routes.ensure({ destination: '10.200.1.0/24', machine: 'lp-three' });
      await routes.ensure({ destination: '10.200.0.0/24', machine: two });
      await routes.ensure({ destination: '10.200.0.0/24', machine: two });
      expect(await routes.list()).toEqual([
        { destination: '10.200.0.0/24', machine: two },
        { destination: '10.200.1.0/24', machine: 'lp-three' },
      ]);
      await routes.ensure({ destination: '10.200.0.0/24', machine: one });
      expect((await world.open(cluster).network.routes.list())[0]).toEqual({
        destination: '10.200.0.0/24',
        machine: one,
      });
      await routes.delete('10.200.1.0/24');
      await routes.delete('10.200.1.0/24');
      expect(await routes.list()).toHaveLength(1);
    });

    test('a route to no machine, for no range, or that overlaps another is refused, and nothing is changed', async () => {
      const { routes } = provider.network;
      const before = await routes.list();
      const to = (destination: string, machine: string = one) =>
        kindOf(routes.ensure({ destination, machine }));
      expect(await to('10.200.7.0/24', 'lp-none')).toBe('not-found');
      for (const none of ['10.200.7.1/24', '10.200.7.0', '10.200.7.0/33', 'x', '', '::/64', '0.0.0.0/0'])
        expect([none, await to(none)]).toEqual([none, 'invalid']);
      expect(await to(`${(await machine(one)).internalIp.replace(/\d+$/, '0')}/24`)).toBe('invalid');
      expect(await to('10.200.0.0/16')).toBe('conflict');
      expect(await to('10.200.0.128/25')).toBe('conflict');
      expect(await routes.list()).toEqual(before);
    });

    test('deleting the holder leaves the address with nobody; it is reserved still', async () => {
      const ip = await apiIp();
      await provider.machines.delete(one);
      expect(await provider.address.read()).toEqual({ ip, holder: { kind: 'nobody' } });
      expect((await provider.machines.list()).map((each) => each.name)).toEqual(['lp-three', two]);
      // The routes to a machine go with it.
      expect(await provider.network.routes.list()).toEqual([]);
    });

    test('after delete of everything nothing is left, and deleting again is no error', async () => {
      for (const left of await provider.machines.list()) await provider.machines.delete(left.name);
      await provider.balancer.delete();
      await provider.address.release();
      expect(await provider.address.read()).toBeNull();
      await provider.network.delete();
      expect(await provider.network.ready()).toBe(false);
      expect(await world.inventory(cluster)).toEqual([]);
      await provider.machines.delete(two);
      await provider.address.release();
      await provider.balancer.delete();
      await provider.network.delete();
      expect(await world.inventory(cluster)).toEqual([]);
    });
  });
}
