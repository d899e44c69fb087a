import { expect, test } from 'vitest';
import type { ApiAccess } from '../../../../src/federation/controller/api.ts';
import { renewTokens } from '../../../../src/federation/members/renew.ts';
import { type MemoryApi, memoryApi, type OnCall } from '../../../support/memory-api.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-01T00:00:00Z');
const rfc = (at: number) => new Date(at).toISOString();
const SECRET = (name: string) => `/api/v1/namespaces/haup-federation/secrets/member-${name}`;

/** A federation whose members gave these tokens, `issued` and `expires` in days from now. */
function federationOf(
  members: Readonly<Record<string, { readonly issued?: number; readonly expires: number }>>,
) {
  const own = memoryApi();
  for (const [name, { issued, expires }] of Object.entries(members)) {
    const annotations = {
      'federation.haup.dev/expires': rfc(NOW + expires * DAY),
      ...(issued === undefined ? {} : { 'federation.haup.dev/issued': rfc(NOW + issued * DAY) }),
    };
    const metadata = { name: `member-${name}`, annotations };
    own.put(SECRET(name), { metadata, data: { token: Buffer.from(`old-of-${name}`).toString('base64') } });
    const spec = { server: `https://${name}:443`, secretName: `member-${name}`, leaving: false };
    own.put(`/apis/federation.haup.dev/v1alpha1/clusters/${name}`, { spec });
  }
  return own;
}

async function renew(own: MemoryApi, onCall: OnCall = () => {}, wall = NOW) {
  const asked: [string, string][] = [];
  const log: string[] = [];
  const open = ({ server, token }: ApiAccess) => {
    const { hostname } = new URL(server);
    return memoryApi({ tokenExpires: rfc(wall + 30 * DAY) }).client((method, path, body) => {
      asked.push([`${method} ${hostname}${path}`, token!()]);
      return onCall(method, hostname, body);
    });
  };
  const api = own.client();
  const problems = await renewTokens({
    api,
    federation: 'world',
    open,
    wall,
    log: (line) => void log.push(line),
  });
  return { asked, problems, log };
}

test('a token is renewed with itself, once half of its life is over', async () => {
  const own = federationOf({ young: { issued: -14, expires: 16 }, old: { issued: -16, expires: 14 } });
  const { asked, problems, log } = await renew(own);
  const account = '/api/v1/namespaces/haup-federation/serviceaccounts/world/token';
  expect(asked).toEqual([[`POST old${account}`, 'old-of-old']]);
  expect(problems).toEqual([]);
  const { data, metadata } = own.get(SECRET('old'))!;
  expect(data).toEqual({ token: Buffer.from('the-token').toString('base64') });
  expect(metadata.annotations).toEqual({
    'federation.haup.dev/issued': rfc(NOW),
    'federation.haup.dev/expires': rfc(NOW + 30 * DAY),
  });
  expect(own.get(SECRET('young'))!.data).toEqual({ token: Buffer.from('old-of-young').toString('base64') });
  expect(log.join()).not.toContain('the-token');
  expect((await renew(own)).asked).toEqual([]);
});

test('a shorter one than was asked for is not asked for again and again', async () => {
  const own = federationOf({ eu: { issued: -0.02, expires: 0.04 } });
  expect((await renew(own)).asked).toEqual([]);
  expect((await renew(own, () => {}, NOW + 0.02 * DAY)).asked).toHaveLength(1);
});

test('one that an earlier haup made is taken to be good for thirty days', async () => {
  expect((await renew(federationOf({ eu: { expires: 16 } }))).asked).toEqual([]);
  expect((await renew(federationOf({ eu: { expires: 14 } }))).asked).toHaveLength(1);
});

test('a member that refuses is told, keeps what it has, and holds no other up', async () => {
  const own = federationOf({ a: { expires: 1 }, b: { expires: 1 } });
  const { asked, problems } = await renew(own, (_, host) => {
    if (host === 'a') throw new Error('Unauthorized');
  });
  expect(problems).toEqual(['Cluster a: its token cannot be renewed: Unauthorized']);
  expect(asked).toHaveLength(2);
  expect(own.get(SECRET('a'))!.data).toEqual({ token: Buffer.from('old-of-a').toString('base64') });
  expect(own.get(SECRET('b'))!.data).toEqual({ token: Buffer.from('the-token').toString('base64') });
});

test('whoever leaves is left alone', async () => {
  const own = federationOf({ eu: { expires: 1 } });
  const path = '/apis/federation.haup.dev/v1alpha1/clusters/eu';
  own.put(path, { spec: { ...own.get(path)!.spec, leaving: true } });
  expect((await renew(own)).asked).toEqual([]);
});
