import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { googleAuth } from '../../../src/providers/gce/api/login.ts';
import { endpointFrom, type Method, openClients } from '../../../src/providers/gce/api/rest.ts';
import { openWith } from '../../../src/providers/gce/index.ts';
import type { ClusterIdentity, Provider, ProviderSettings } from '../../../src/providers/provider.ts';
import type { Variables } from '../../../src/util/variables.ts';
import { seeded } from '../../support/seeded.ts';
import { VirtualClock } from '../shared/clock.ts';
import type { Crash } from '../shared/faults.ts';
import { SimulatedRealizer } from '../shared/simulated.ts';
import { GceCloud } from './cloud.ts';
import { routes, wrongWith } from './protos.ts';
import type { Delays, UnsureRules } from './rules.ts';
import { type GceServer, serve } from './server.ts';

export const ZONES = ['europe-west1-b', 'europe-west1-c', 'europe-west1-d'] as const;

export function clusterNamed(name: string, uid = '0123456789abcdef'): ClusterIdentity {
  return { name, uid, region: 'europe-west1', zone: ZONES[0], apiPort: 443 };
}

export interface OpenOptions {
  readonly cluster?: ClusterIdentity;
  readonly settings?: ProviderSettings;
  readonly crash?: Crash;
  readonly signal?: AbortSignal;
  readonly podRange?: string;
  readonly environment?: Variables;
  readonly operatorAddress?: () => Promise<string>;
}

/** A test cloud with simulated machines in simulated time, and real clients for it. */
export interface Harness {
  readonly cloud: GceCloud;
  readonly realizer: SimulatedRealizer;
  readonly server: GceServer;
  /** A new, empty cloud behind the same server: starting the clients is what takes long. */
  reset(options?: GceOptions): void;
  /** A provider as a new process would open it. */
  open(options?: OpenOptions): Provider;
  close(): Promise<void>;
}

export interface GceOptions {
  readonly rules?: Partial<UnsureRules>;
  readonly delays?: Delays;
  readonly pageSize?: number;
}

export async function startGce(first: GceOptions = {}): Promise<Harness> {
  let clock = new VirtualClock();
  let realizer = new SimulatedRealizer(clock);
  let cloud = new GceCloud({ ...first, clock, realizer });
  const server = await serve(() => cloud);
  const folder = mkdtempSync(join(tmpdir(), 'haup-gce-'));
  const credentials = credentialsFor(server, folder);
  const login = googleAuth({ project: 'haup-test', credentials });
  const endpoint = endpointFrom({ CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: server.endpoint });
  const clients = openClients({ auth: () => login.auth, endpoint });
  return {
    get cloud() {
      return cloud;
    },
    get realizer() {
      return realizer;
    },
    server,
    reset(options = first) {
      clock = new VirtualClock();
      realizer = new SimulatedRealizer(clock);
      cloud = new GceCloud({ ...options, clock, realizer });
    },
    open(options = {}) {
      const { cluster = clusterNamed('demo'), settings, crash, signal, podRange } = options;
      const now = clock;
      return openWith(
        {
          cluster,
          settings: { project: cloud.project, sshFrom: ['198.51.100.7/32'], ...settings },
          signal: signal ?? new AbortController().signal,
          progress: () => {},
          binariesFolder: '/nonexistent',
          cacheFolder: '/nonexistent',
          environment: { ...options.environment, CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: server.endpoint },
          ...(podRange === undefined ? {} : { podRange }),
        },
        {
          clock: now,
          random: seeded(7),
          login: (project) => (project === undefined ? login : { ...login, project: async () => project }),
          operatorAddress: options.operatorAddress ?? (async () => '198.51.100.7/32'),
          clients,
          around: (method, request, send) => {
            mustBeKnown(method, request);
            const call = () => now.busy(send);
            return crash ? crash.around(call) : call();
          },
        },
      );
    },
    async close() {
      await clients.close();
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A login of workload identity federation, whose token comes from the test cloud: the real library does the rest. */
export function credentialsFor(server: GceServer, folder: string): object {
  const file = join(folder, 'subject-token');
  writeFileSync(file, 'subject', { mode: 0o600 });
  return {
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/haup/providers/test',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `http://127.0.0.1:${server.port}/sts/token`,
    credential_source: { file },
  };
}

/** The client drops fields that it does not know without a word; here they are an error before it can. */
function mustBeKnown(method: Method, request: object): void {
  const route = routes.find((each) => each.method === method);
  const wrong = route ? wrongWith(request, route.requestType, 'request') : `no method ${method}`;
  if (wrong) throw new Error(`haup asks ${method} wrongly: ${wrong}`);
}
