import { expect } from 'vitest';
import type { ApiClient } from '../../../src/kubernetes/client.ts';
import { adminOf } from './clusters.ts';
import { type ControllerState, controllerStates } from './controllers.ts';
import { type RunningHaup, status } from './haup.ts';
import { figuresOf, madeByClients, prepareForClients, startClients } from './many-clients.ts';
import { expectUnnoticed } from './unnoticed.ts';

/** A cluster that is used by everybody who might notice that its masters change. */
export interface UsedCluster {
  readonly api: ApiClient;
  /** Runs one command under its clients, and checks that nobody noticed. `beside`: what is to happen while the command has the lock. */
  unnoticed(what: string, command: () => RunningHaup, beside?: () => Promise<void>): Promise<void>;
  /** So many masters are there, serve and vote, nothing is left to do, and all that was ever made is there. */
  expectMasters(count: number): Promise<void>;
}

/** The clients need it from the first write on: what they have made by then must be there for ever. */
export async function useCluster(cluster: string): Promise<UsedCluster> {
  const api = await adminOf(cluster);
  await prepareForClients(api);
  const everythingMade = new Set<string>();
  return {
    api,

    async unnoticed(what, command, beside) {
      const clients = await startClients(api, what);
      const running = command();
      if (beside) {
        await running.shows('create the machine'); // it has the lock
        await beside();
      }
      const ended = await running.ended;
      const report = await clients.stop();
      for (const key of report.keySet.acknowledged) everythingMade.add(key);
      process.stdout.write(`figure: ${what}: ${figuresOf(report)}\n`);
      expect([ended.code, ended.code === 0 ? '' : ended.stderr]).toEqual([0, '']);
      expectUnnoticed(report);
      expect(report.newConnections.requests).toBeGreaterThan(100);
      expect(report.counter.increments).toBeGreaterThan(5);
      expect(report.endpoints).toEqual([`endpoints ${api.ip} slices ${api.ip}`]);
    },

    async expectMasters(count) {
      const now = await status(cluster);
      const ready = now.replicas.filter(
        (r) => r.machine === 'running' && r.apiServer === 'ready' && r.etcd.healthy,
      );
      expect(ready.length).toBe(count);
      expect(now).toMatchObject({ converged: true, unfinished: [], etcd: { voters: count, healthy: count } });
      expect(now.replicas.length).toBe(count);
      expect(now.apiAddress).toMatchObject({
        ip: api.ip,
        holder: count > 1 ? { kind: 'balancer' } : { kind: 'machine', name: ready[0]!.name },
      });
      if (count > 1) {
        expect(now.loadBalancer!.targets.map((t) => [t.replica, t.health]).sort()).toEqual(
          ready.map((r) => [r.name, 'healthy']).sort(),
        );
      } else expect(now.loadBalancer).toBeNull();
      const names = ready.map((r) => r.name);
      const controllers = ['kube-controller-manager', 'kube-scheduler'] as const;
      const states = await Promise.all(controllers.map((each) => controllerStates(cluster, names, each)));
      for (const each of states) expectOneActive(each);
      const there = await madeByClients(api);
      expect([...everythingMade].filter((name) => !there.has(name))).toEqual([]);
    },
  };
}

function expectOneActive(states: readonly ControllerState[]): void {
  expect(states.filter((state) => !state.running)).toEqual([]);
  expect(states.filter((state) => state.active).length).toBe(1);
}
