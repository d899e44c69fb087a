import type { Login } from '../../../../src/providers/gce/api/login.ts';
import type { Clients } from '../../../../src/providers/gce/api/rest.ts';
import { openWith } from '../../../../src/providers/gce/index.ts';
import type { Provider } from '../../../../src/providers/provider.ts';
import type { Clock } from '../../../../src/util/clock.ts';

export const uid = '0123456789abcdef';

/** The provider over these clients of Google's, logged in without a word. */
export function providerWith(clients: Clients, clock: Clock, random: () => number): Provider {
  return openWith(
    {
      cluster: { name: 'demo', uid, region: 'europe-west1', zone: 'europe-west1-b', apiPort: 443 },
      settings: { project: 'p' },
      signal: new AbortController().signal,
      progress: () => {},
      binariesFolder: '',
      cacheFolder: '/nonexistent',
      environment: {},
    },
    {
      clock,
      random,
      login: () => ({ project: async () => 'p' }) as unknown as Login,
      operatorAddress: async () => '198.51.100.7/32',
      around: (_method, _request, send) => send(),
      clients,
    },
  );
}
