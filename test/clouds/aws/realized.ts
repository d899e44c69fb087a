import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listDownloads, type Release } from '../../../src/artifacts/sources.ts';
import { openIn } from '../../../src/providers/aws/index.ts';
import type { ClusterIdentity, Provider } from '../../../src/providers/provider.ts';
import { realClock } from '../shared/clock.ts';
import { type LocalMachines, localMachines } from '../shared/local-machines.ts';
import type { MachineSpec, Realizer } from '../shared/realizer.ts';
import { type AwsCloud, openCloud } from './cloud.ts';
import { refreshRoutes } from './elb-health.ts';
import { type Delays, type Readings, tagValue } from './world.ts';

/** A quick cloud: what is slow about the real one is tried in simulated time. */
const quickDelays: Delays = {
  consistency: 200,
  pending: 300,
  stopping: 300,
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
  readonly apiPort?: number;
  /** Put the binaries of `binariesFolder` where machines download them to, as if they had: there is no internet here. */
  readonly downloaded?: Release;
  readonly delays?: Partial<Delays>;
  readonly readings?: Partial<Readings>;
}): Promise<RealizedAws> {
  const { binariesFolder, apiPort = 443, readings = {} } = options;
  const machines = await localMachines({ prefix: 'awsx', apiPort, binariesFolder, scriptRuns: 'first-boot' });
  const cloud = await openCloud({
    clock: realClock,
    realizer: options.downloaded ? downloadedAlready(machines, binariesFolder, options.downloaded) : machines,
    delays: { ...quickDelays, ...options.delays },
    readings,
  });
  const stopChecks = checkHealth(cloud);
  const credentials = { accessKeyId: cloud.accessKey, secretAccessKey: 'secret-of-the-tests' };
  return {
    cloud,
    machines,
    environment: {
      AWS_ENDPOINT_URL: cloud.url,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    open: (cluster, signal = new AbortController().signal) =>
      openIn(
        { cluster, settings: { sshFrom: ['198.51.100.7/32'] }, signal, progress: () => {}, binariesFolder },
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

/** Machines on which the download script finds everything in place, verified by it before. */
function downloadedAlready(machines: LocalMachines, folder: string, release: Release): Realizer {
  const files = listDownloads(release).flatMap(({ url, binaries }) =>
    binaries.map(({ name }) => ({ name, url })),
  );
  const notes = files.map(({ name, url }) => {
    const sum = createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex');
    return `echo '${sum}  ${name}' > .download/${name}.ok; echo '${url}' > .download/${name}.from`;
  });
  const prelude = `mkdir -p /mnt/bin
mount --bind /opt/haup/bin /mnt/bin
umount /opt/haup/bin
mkdir -p /opt/haup/bin/.download
cd /opt/haup/bin
ln -s /mnt/bin/* .
${notes.join('\n')}
cd /
`;
  return new Proxy(machines, {
    get(target, property) {
      if (property === 'create')
        return (spec: MachineSpec, script: string | null) =>
          target.create(
            spec,
            (script ?? '#!/bin/sh\n').replace(/^(#!.*\n)/, (first) => `${first}${prelude}`),
          );
      const value = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
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
