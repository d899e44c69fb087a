import { describe, expect, test } from 'vitest';
import { ECHO_IMAGE } from '../../src/artifacts/images/names.ts';
import { ensureOfflineImages } from '../../src/artifacts/images/offline.ts';
import { ask, newConnections, summarize } from '../../src/drill/clients/load.ts';
import { waitFor } from '../../src/util/wait.ts';
import { clientsFirst } from './support/clients-first.ts';
import { adminOf, useClusters } from './support/clusters.ts';
import { haup, status } from './support/haup.ts';

/**
 * Kubernetes' third case of ha_master.go: masters and nodes in three zones, of which one loses its power. It takes minutes, most of which the
 * controller manager waits before it believes that nodes are gone: `npm run test:zones`.
 */
const CLUSTER = 'e2e-zones';
const ZONES = ['local-a', 'local-b', 'local-c'];
const TOLERATED_SECONDS = 2;
const labels = { app: 'spread' };

describe.runIf(process.env.HAUP_ZONES === '1')('masters and nodes in three zones', () => {
  useClusters(CLUSTER);

  interface Pod {
    readonly spec: { readonly nodeName?: string };
    readonly metadata: { readonly deletionTimestamp?: string };
    readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }

  test('of which one loses its power: pods come back in the others, the API and the workload go on', async () => {
    clientsFirst();
    const zones = ZONES.join();
    const { echo } = await ensureOfflineImages({ environment: process.env });
    const nodes = ['--nodes', '3', '--node-zones', zones, '--images', echo];
    await haup('create', '-c', CLUSTER, '--multizone', '--zones', zones, '--replicas', '3', ...nodes);
    const before = await status(CLUSTER);
    const zoneOf = new Map(before.nodes.map(({ name, zone }) => [name, zone]));
    expect([...zoneOf.values()].sort()).toEqual(ZONES);
    const api = await adminOf(CLUSTER);
    const tolerations = ['not-ready', 'unreachable'].map((taint) => ({
      ...{ key: `node.kubernetes.io/${taint}`, operator: 'Exists', effect: 'NoExecute' },
      tolerationSeconds: TOLERATED_SECONDS,
    }));
    const spread = {
      ...{ maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' },
      labelSelector: { matchLabels: labels },
    };
    const container = {
      ...{ name: 'echo', image: ECHO_IMAGE, ports: [{ containerPort: 8080 }] },
      readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 },
    };
    const post = (path: string, body: object) =>
      ask(api, { method: 'POST', path, body, timeoutMs: 10_000 }, [201]);
    const pod = { tolerations, topologySpreadConstraints: [spread], containers: [container] };
    await post('/apis/apps/v1/namespaces/default/deployments', {
      metadata: { name: 'spread' },
      spec: {
        replicas: 6,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: pod },
      },
    });

    /** Of pods that are ready and stay, how many are in each zone. */
    const places = async (): Promise<number[]> => {
      const path = '/api/v1/namespaces/default/pods?labelSelector=app%3Dspread';
      const { items } = await ask<{ items: Pod[] }>(api, { path, timeoutMs: 10_000 });
      const ready = items.filter(
        ({ metadata, status: { conditions = [] } }) =>
          metadata.deletionTimestamp === undefined &&
          conditions.some(({ type, status }) => type === 'Ready' && status === 'True'),
      );
      return ZONES.map((zone) => ready.filter(({ spec }) => zoneOf.get(spec.nodeName!) === zone).length);
    };
    const until = (what: string, look: (counts: readonly number[]) => boolean): Promise<number[]> =>
      waitFor(
        async () => {
          const counts = await places();
          return look(counts) ? counts : undefined;
        },
        { what, timeoutMs: 300_000 },
      );
    expect(await until('six pods to be ready', (counts) => sum(counts) === 6)).toEqual([2, 2, 2]);

    // The leader's zone costs an election as well: that is faults.test.ts.
    const victim = before.replicas.find(({ etcd }) => etcd.role !== 'leader')!.zone;
    const lost = ZONES.indexOf(victim);
    const fresh = newConnections(api, { hz: 20 });
    const began = performance.now();
    await haup('fault', '-c', CLUSTER, 'power-off', victim);
    await until('six pods to be ready in two zones', (counts) => sum(counts) === 6 && counts[lost] === 0);
    const seconds = Math.round((performance.now() - began) / 1000);
    const { requests, failures } = summarize(await fresh.stop());
    process.stdout.write(
      `${victim} lost its power: all pods ready elsewhere after ${seconds} s; ${failures.length} of ${requests} new connections to the API failed\n`,
    );
    expect(failures).toEqual([]);
    const during = await status(CLUSTER);
    expect(during.nodes.map(({ zone, ready }) => [zone, ready === 'ready']).sort()).toEqual(
      ZONES.map((zone) => [zone, zone !== victim]),
    );
    expect(during.etcd).toMatchObject({ voters: 3, healthy: 2, quorumIs: 'held' });

    await haup('repair', '-c', CLUSTER);
    await waitFor(
      async () => {
        const now = await status(CLUSTER);
        const well = now.nodes.every(({ ready }) => ready === 'ready') && now.etcd.healthy === 3;
        return (well && now.converged) || undefined;
      },
      { what: 'all to be well again', timeoutMs: 180_000 },
    );
  });
});

function sum(counts: readonly number[]): number {
  return counts.reduce((a, b) => a + b, 0);
}
