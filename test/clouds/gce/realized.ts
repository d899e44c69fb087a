import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { googleAuth } from '../../../src/providers/gce/api/login.ts';
import { endpointFrom, openClients } from '../../../src/providers/gce/api/rest.ts';
import { openWith } from '../../../src/providers/gce/index.ts';
import type { ClusterIdentity, Provider } from '../../../src/providers/provider.ts';
import { systemClock } from '../../../src/util/clock.ts';
import { realClock } from '../shared/clock.ts';
import { type LocalMachines, localMachines } from '../shared/local-machines.ts';
import { GceCloud } from './cloud.ts';
import { credentialsFor } from './harness.ts';
import { startProber } from './prober.ts';
import type { Delays, UnsureRules } from './rules.ts';
import { type GceServer, serve } from './server.ts';

export interface RealizedGce {
  readonly cloud: GceCloud;
  readonly machines: LocalMachines;
  readonly server: GceServer;
  /** The contents of a credentials file for the cloud; its subject token lasts until `close`. */
  readonly credentials: object;
  open(cluster: ClusterIdentity, signal?: AbortSignal): Provider;
  close(): Promise<void>;
}

/** A test cloud whose instances are machines of the local provider, in real time. Needs root. */
export async function startRealizedGce(options: {
  readonly binariesFolder: string;
  readonly nodeBinariesFolder?: string;
  readonly binaries?: 'shown' | 'mirrored';
  readonly apiPort?: number;
  readonly delays?: Delays;
  readonly rules?: Partial<UnsureRules>;
}): Promise<RealizedGce> {
  const { binariesFolder, apiPort = 443 } = options;
  const machines = await localMachines({
    prefix: 'gcex',
    apiPort,
    binariesFolder,
    ...(options.nodeBinariesFolder ? { nodeBinariesFolder: options.nodeBinariesFolder } : {}),
    binaries: options.binaries ?? 'shown',
    scriptRuns: 'every-boot',
  });
  const cloud = new GceCloud({
    clock: realClock,
    realizer: machines,
    ...(options.delays ? { delays: options.delays } : {}),
    ...(options.rules ? { rules: options.rules } : {}),
  });
  const server = await serve(() => cloud);
  const stopProber = startProber(cloud);
  const folder = mkdtempSync(join(tmpdir(), 'haup-gcex-'));
  const credentials = credentialsFor(server, folder);
  const login = googleAuth({ project: 'haup-test', credentials });
  const environment = { CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: server.endpoint };
  const clients = openClients({ auth: () => login.auth, endpoint: endpointFrom(environment) });
  return {
    cloud,
    machines,
    server,
    credentials,
    open: (cluster, signal = new AbortController().signal) =>
      openWith(
        {
          cluster,
          settings: { project: cloud.project },
          signal,
          progress: () => {},
          binariesFolder,
          cacheFolder: '/nonexistent',
          environment,
          podRange: '10.200.0.0/16',
        },
        {
          clock: systemClock,
          random: Math.random,
          login: () => login,
          operatorAddress: async () => '198.51.100.7/32',
          around: (_method, _request, send) => send(),
          clients,
        },
      ),
    async close() {
      await stopProber();
      await clients.close();
      await server.close();
      await machines.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
