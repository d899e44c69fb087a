import { openIn } from '../../../src/providers/aws/index.ts';
import type { ClusterIdentity, Provider } from '../../../src/providers/provider.ts';
import { realClock } from '../shared/clock.ts';
import { type LocalMachines, localMachines } from '../shared/local-machines.ts';
import { type AwsCloud, openCloud } from './cloud.ts';
import { refreshRoutes } from './elb-health.ts';
import { type Delays, type Readings, tagValue } from './world.ts';

/** A quick cloud: what is slow about the real one is tried in simulated time. */
const quickDelays: Delays = {
  consistency: 200,
  pending: 300,
  stopping: 300,
  staleState: 200,
  shuttingDown: 300,
  interfaceRelease: 500,
  provisioning: 1500,
  setSubnets: 800,
  freeAddress: 500,
  initial: 600,
  draining: 500,
  deleteBalancer: 300,
};

export interface RealizedAws {
  readonly cloud: AwsCloud;
  readonly machines: LocalMachines;
  /** For a process of its own: what makes the SDK's usual chain lead here. */
  readonly environment: Readonly<Record<string, string>>;
  open(cluster: ClusterIdentity, signal?: AbortSignal): Provider;
  /** Everything in the cloud that belongs to a cluster. */
  inventory(uid: string): readonly string[];
  close(): Promise<void>;
}

/** A test cloud whose instances are machines of the local provider, in real time. Needs root. */
export async function startRealizedAws(options: {
  readonly binariesFolder: string;
  readonly nodeBinariesFolder?: string;
  readonly apiPort?: number;
  /** `mirrored`: machines download those of `binariesFolder` from a mirror; there is no internet here. */
  readonly binaries?: 'shown' | 'mirrored';
  readonly delays?: Partial<Delays>;
  readonly readings?: Partial<Readings>;
}): Promise<RealizedAws> {
  const { binariesFolder, apiPort = 443, readings = {} } = options;
  const machines = await localMachines({
    prefix: 'awsx',
    apiPort,
    binariesFolder,
    ...(options.nodeBinariesFolder ? { nodeBinariesFolder: options.nodeBinariesFolder } : {}),
    binaries: options.binaries ?? 'shown',
    scriptRuns: 'first-boot',
  });
  const cloud = await openCloud({
    clock: realClock,
    realizer: machines,
    delays: { ...quickDelays, ...options.delays },
    readings,
  });
  const stopChecks = checkHealth(cloud);
  const credentials = { accessKeyId: cloud.accessKey, secretAccessKey: 'secret-of-the-tests' };
  return {
    cloud,
    machines,
    environment: {
      HAUP_MIRROR: machines.mirror,
      HAUP_MIRROR_INSECURE: '1',
      AWS_ENDPOINT_URL: cloud.url,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    open: (cluster, signal = new AbortController().signal) =>
      openIn(
        {
          cluster,
          settings: { sshFrom: ['198.51.100.7/32'] },
          signal,
          progress: () => {},
          binariesFolder,
          cacheFolder: '/nonexistent',
          environment: {},
          podRange: '10.200.0.0/16',
        },
        { client: { endpoint: cloud.url, credentials } },
      ),
    inventory: (uid) => [
      ...cloud.left(uid),
      ...[...cloud.world.instances.values()]
        .filter((one) => one.state !== 'terminated' && tagValue(one, 'haup-uid') === uid)
        .map((one) => `machine of ${one.id}`),
    ],
    async close() {
      await stopChecks();
      await cloud.close();
      await machines.close();
    },
  };
}

/** The balancers' health checks, for as long as the cloud is open. */
function checkHealth({ world }: AwsCloud): () => Promise<void> {
  let going = true;
  const done = (async () => {
    while (going) {
      for (const balancer of world.balancers.values()) await refreshRoutes(world, balancer);
      await realClock.sleep(250);
    }
  })();
  return async () => {
    going = false;
    await done;
  };
}
