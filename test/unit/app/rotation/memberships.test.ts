import { expect, test } from 'vitest';
import type { Environment, OpenCluster } from '../../../../src/app/operations.ts';
import {
  believesOldCa,
  hasOldToken,
  type Membership,
  membershipsOf,
} from '../../../../src/app/rotation/memberships.ts';
import { authorities } from '../../../../src/cluster/world/keys.ts';
import { createAuthorities, createTokenKeys } from '../../../../src/pki/authorities.ts';
import { keyIdOf } from '../../../../src/pki/token-key.ts';
import { specOf } from '../../../support/clusters.ts';
import { memorySecrets } from '../../../support/memory-secrets.ts';
import { startTlsServer } from '../../pki/tls-server.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const tokenOf = (kid: string) =>
  `${Buffer.from(JSON.stringify({ alg: 'ES256', kid })).toString('base64url')}.e30.x`;

/** The API of a member and that of its federation, which are one server here; and what else is known of them. */
async function cluster(answers: Readonly<Record<string, object>>, known: readonly string[]) {
  const spec = specOf(['m0']);
  const secrets = memorySecrets();
  const kept = await authorities(secrets, spec);
  const asked: string[] = [];
  const server = await startTlsServer(
    ['127.0.0.1'],
    ({ url }, response) => {
      const path = url!.split('?')[0]!;
      asked.push(path);
      response.statusCode = answers[path] ? 200 : 404;
      response.end(JSON.stringify(answers[path] ?? { kind: 'Status', reason: 'NotFound', message: 'no' }));
    },
    kept,
  );
  const world = {
    spec: () => spec,
    api: async () => ({ ip: '127.0.0.1', port: server.port, ...server.tls }),
  };
  const federation = {
    world: { spec: () => ({ ...spec, name: 'world', federation: true, apiPort: server.port }) },
    provider: {
      name: 'local',
      address: { read: async () => ({ ip: '127.0.0.1' }) },
      network: {},
      capabilities: {},
    },
    secrets,
  };
  const env = {
    signal: new AbortController().signal,
    names: async () => known,
    looking: (_: string, work: (open: OpenCluster) => unknown) => work(federation as unknown as OpenCluster),
  } as unknown as Environment;
  return { env, open: { world } as unknown as OpenCluster, asked, close: () => server.close() };
}

const ACCOUNTS = '/api/v1/namespaces/haup-federation/serviceaccounts';
const CLUSTER = '/apis/federation.haup.dev/v1alpha1/clusters/demo';
const SECRET = '/api/v1/namespaces/haup-federation/secrets/member-demo';
const accounts = (...names: string[]) => ({
  metadata: {},
  items: names.map((name) => ({ metadata: { name } })),
});

test('what a federation keeps of a member is read from the federation; one of another store is not known', async () => {
  const { env, open, close } = await cluster(
    {
      [ACCOUNTS]: accounts('default', 'world', 'elsewhere'),
      [CLUSTER]: { metadata: { name: 'demo' }, spec: { caBundle: base64('PEM') } },
      [SECRET]: { metadata: { name: 'member-demo' }, data: { token: base64(tokenOf('k1')) } },
    },
    ['demo', 'world'],
  );
  try {
    expect(await membershipsOf(env, open)).toEqual([
      { federation: 'world', kept: { caPem: 'PEM', keyId: 'k1' } },
      { federation: 'elsewhere', kept: null },
    ]);
  } finally {
    close();
  }
});

test('an account of a federation that has no such member is no membership', async () => {
  const { env, open, close } = await cluster({ [ACCOUNTS]: accounts('default', 'world') }, ['world']);
  try {
    expect(await membershipsOf(env, open)).toEqual([]);
  } finally {
    close();
  }
});

test('where no federation has an account, none is asked', async () => {
  const { env, open, asked, close } = await cluster({ [ACCOUNTS]: accounts('default') }, ['world']);
  try {
    expect(await membershipsOf(env, open)).toEqual([]);
    expect(asked).toEqual([ACCOUNTS]);
  } finally {
    close();
  }
});

test('a federation that believes the old authority alone, or has a token by the old key, is a user of it', async () => {
  const [before, now] = await Promise.all([createAuthorities('demo'), createAuthorities('demo')]);
  const keys = await createTokenKeys();
  const [caPem, keyId] = [before.kubernetes.certPem, keyIdOf(before.serviceAccount.publicKeyPem)];
  const both = caPem + now.kubernetes.certPem;
  const of = (kept: Membership['kept']): Membership[] => [{ federation: 'world', kept }];
  expect(believesOldCa(of({ caPem, keyId }), now.kubernetes)).toEqual([
    'the federation world, which has not been told of the new one: join it again',
  ]);
  expect(believesOldCa(of({ caPem: both, keyId }), now.kubernetes)).toEqual([]);
  expect(believesOldCa(of(null), now.kubernetes)).toEqual([
    expect.stringMatching(/^perhaps the federation world/),
  ]);
  expect(hasOldToken(of({ caPem, keyId }), keys)).toEqual([
    'the token of the federation world: join it again',
  ]);
  expect(hasOldToken(of({ caPem, keyId: keyIdOf(keys.publicKeyPem) }), keys)).toEqual([]);
  expect(hasOldToken(of(null), keys)).toEqual([expect.stringMatching(/^perhaps the federation world/)]);
});
