import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openWith } from '../../../src/providers/gce/index.ts';
import { googleAuth } from '../../../src/providers/gce/login.ts';
import type { Method } from '../../../src/providers/gce/rest.ts';
import type { ClusterIdentity, Provider, ProviderSettings } from '../../../src/providers/provider.ts';
import { type CloudClock, VirtualClock } from '../shared/clock.ts';
import { type Crash, seeded } from '../shared/faults.ts';
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
}

/** A test cloud with simulated machines in simulated time, and real clients for it. */
export interface Harness {
  readonly cloud: GceCloud;
  readonly realizer: SimulatedRealizer;
  readonly server: GceServer;
  /** A provider as a new process would open it. */
  open(options?: OpenOptions): Provider;
  close(): Promise<void>;
}

export async function startGce(
  options: { rules?: Partial<UnsureRules>; delays?: Delays; pageSize?: number; clock?: CloudClock } = {},
): Promise<Harness> {
  const clock = options.clock ?? new VirtualClock();
  const realizer = new SimulatedRealizer();
  const cloud = new GceCloud({ ...options, clock, realizer });
  const server = await serve(cloud);
  const folder = mkdtempSync(join(tmpdir(), 'haup-gce-'));
  const credentials = credentialsFor(server, folder);
  const login = googleAuth(credentials);
  const opened: Provider[] = [];
  return {
    cloud,
    realizer,
    server,
    open({ cluster = clusterNamed('demo'), settings, crash, signal } = {}) {
      const provider = openWith(
        {
          cluster,
          settings: { project: cloud.project, sshFrom: ['198.51.100.7/32'], ...settings },
          signal: signal ?? new AbortController().signal,
          progress: () => {},
          binariesFolder: '/nonexistent',
        },
        {
          clock,
          random: seeded(7),
          environment: { CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: server.endpoint },
          login: () => login,
          operatorAddress: async () => '198.51.100.7/32',
          around: (method, request, send) => {
            mustBeKnown(method, request);
            const call = () => clock.busy(send);
            return crash ? crash.around(call) : call();
          },
        },
      );
      opened.push(provider);
      return provider;
    },
    async close() {
      await Promise.all(opened.map((provider) => provider.close()));
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
