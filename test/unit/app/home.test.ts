import { expect, test } from 'vitest';
import { keepHome, withHome } from '../../../src/app/home.ts';
import type { NewCluster } from '../../../src/app/new-cluster.ts';
import {
  addReplicas,
  createCluster,
  type Environment,
  type OpenCluster,
  repair,
} from '../../../src/app/operations.ts';
import type { HaupEvent } from '../../../src/cluster/loop/events.ts';
import type { ClusterSpec } from '../../../src/cluster/model/spec.ts';
import type { Home } from '../../../src/providers/provider.ts';
import { specOf } from '../../support/clusters.ts';
import { SimulatedWorld } from '../../support/world.ts';
import { worldOf } from '../cluster/loop/simulated.ts';

const providerIn = (home: Home) => ({ home: async () => home, zones: async () => ['local-a', 'local-b'] });

/** An engine whose one cluster is in this world, seen with credentials for that project. */
function environment(worldFor: (spec: ClusterSpec) => SimulatedWorld, home: Home): Environment {
  const open = (spec: ClusterSpec) => {
    const world = Object.assign(worldFor(spec), {
      sealed: async () => {},
      commands: () => 0,
      unanswered: async () => null,
    });
    return { world, provider: providerIn(home) } as unknown as OpenCluster;
  };
  return {
    emit: () => {},
    signal: new AbortController().signal,
    now: () => 0,
    locked: (_: string, __: string, work: (open: OpenCluster) => unknown) => work(open(specOf(['m0']))),
    creating: (spec: ClusterSpec, _: unknown, __: boolean, work: (open: OpenCluster) => unknown) =>
      work(open(spec)),
  } as unknown as Environment;
}

const request: NewCluster = {
  ...{ name: 'demo', provider: 'gce', region: 'local', zones: ['local-a'], multizone: false },
  ...{ kubernetesVersion: 'v1.37.1', etcdVersion: 'v3.7.3', apiPort: 443, requestTimeoutSeconds: 60 },
  ...{ balancer: 'auto', nodeZones: [], clusterCidr: undefined, serviceCidr: undefined, cni: 'haup' },
  ...{ images: [], addons: [], nodeLabels: {}, nodeTaints: [] },
  settings: { project: undefined, machineType: 'e2-standard-2' },
};

test('a cluster keeps what it says of where it is, and is told the rest', async () => {
  const spec = specOf(['m0'], { settings: { project: 'a', image: 'i' } });
  expect(await withHome(providerIn({ project: 'b' }), spec)).toBe(spec);
  expect(await withHome(providerIn({ account: undefined }), spec)).toBe(spec);
  expect(await withHome({}, spec)).toBe(spec);
  const found = await withHome(providerIn({ account: '123456789012' }), spec);
  expect(found.settings).toEqual({ project: 'a', image: 'i', account: '123456789012' });
});

test('a new cluster says where it is from its first save on', async () => {
  let world: SimulatedWorld | undefined;
  const saved: ClusterSpec['settings'][] = [];
  const env = environment(
    (spec) => {
      world = new SimulatedWorld(spec);
      const save = world.save.bind(world);
      world.save = async (next) => {
        saved.push(next.settings);
        return save(next);
      };
      return world;
    },
    { project: 'a' },
  );
  await createCluster(env, request, undefined, false);
  expect(saved).toEqual([{ project: 'a', machineType: 'e2-standard-2' }]);
  expect(world?.machines).toHaveLength(1);
});

test('where nothing of a cluster is seen is not where it is', async () => {
  const world = new SimulatedWorld(specOf(['m0']));
  await keepHome(telling(), { provider: providerIn({ project: 'b' }), world }, await world.observe());
  expect(world.spec().settings).toEqual({});
});

test('that nobody can say where it is now takes nothing back, and is told', async () => {
  const world = await worldOf('m0');
  const env = telling();
  const home = () => Promise.reject(new Error('the cloud does not answer'));
  await keepHome(env, { provider: { home }, world }, await world.observe());
  expect(env.told).toEqual(['where demo is could not be kept: the cloud does not answer']);
});

function telling() {
  const told: string[] = [];
  const emit = (event: HaupEvent) => {
    if (event.type === 'warning') told.push(event.message);
  };
  return { told, emit, signal: new AbortController().signal };
}

test('one of before says it once a change has found machines of it', async () => {
  const world = await worldOf('m0');
  const env = environment(() => world, { account: '123456789012' });
  await addReplicas(env, 'demo', ['local-b', 'local-a'], true);
  expect(world.spec().settings).toEqual({});
  await repair(env, 'demo', false, false);
  expect(world.spec().settings).toEqual({ account: '123456789012' });
});
