import { execFileSync } from 'node:child_process';
import { expect, test, vi } from 'vitest';
import { makeJoinCommand } from '../../../../src/app/nodes/join-command.ts';
import type { ApiAnswer, ApiClient, ApiRequest } from '../../../../src/kubernetes/client.ts';
import { createAuthorities } from '../../../../src/pki/authorities.ts';

const calls: ApiRequest[] = [];
vi.mock('../../../../src/kubernetes/client.ts', () => ({
  callApi: async (_: ApiClient, request: ApiRequest): Promise<ApiAnswer> => {
    calls.push(request);
    return { status: 201, text: '{}' };
  },
}));

/** As kubeadm's documentation computes it. */
function opensslHash(pem: string): string {
  const key = execFileSync('openssl', ['x509', '-pubkey', '-noout'], { input: pem });
  const der = execFileSync('openssl', ['pkey', '-pubin', '-outform', 'DER'], { input: key });
  return execFileSync('openssl', ['dgst', '-sha256', '-r'], { input: der }).toString().split(' ')[0]!;
}

test('the join command names the API address, a token for minutes, and each authority that may have signed', async () => {
  const pems = (await Promise.all(['one', 'two'].map((name) => createAuthorities(name)))).map(
    (a) => a.kubernetes.certPem,
  );
  const api = { ip: '198.18.0.10', port: 6443, caPem: pems.join('') } as ApiClient;
  const clock = { now: () => 0, sleep: async () => {} };
  const join = await makeJoinCommand(api, { minutes: 10, clock });
  const sums = pems.map((pem) => `sha256:${opensslHash(pem)}`);
  expect(join).toEqual({
    command:
      `kubeadm join 198.18.0.10:6443 --token ${join.token} ` +
      sums.map((sum) => `--discovery-token-ca-cert-hash ${sum}`).join(' '),
    apiServer: '198.18.0.10:6443',
    token: expect.stringMatching(/^[a-z0-9]{6}\.[a-z0-9]{16}$/),
    caCertHashes: sums,
    expires: '1970-01-01T00:10:00Z',
  });
  const { stringData } = calls[0]!.body as { stringData: Record<string, string> };
  expect(stringData).toMatchObject({ expiration: join.expires, 'usage-bootstrap-signing': 'true' });
});
