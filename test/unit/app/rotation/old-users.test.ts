import { expect, test } from 'vitest';
import { usersOfOld } from '../../../../src/app/rotation/old-users.ts';
import { createAuthorities } from '../../../../src/pki/authorities.ts';
import { specOf } from '../../../support/clusters.ts';
import { memorySecrets } from '../../../support/memory-secrets.ts';
import { startTlsServer } from '../../pki/tls-server.ts';

test('what several rotations need of the masters and of the API is looked for once', async () => {
  const asked: string[] = [];
  const server = await startTlsServer(['127.0.0.1'], ({ url }, response) => {
    asked.push(url!.split('?')[0]!);
    response.end('{"items": [], "metadata": {}}');
  });
  const { port, tls } = server;
  const spec = specOf(['m0', 'm1', 'm2'], {
    generations: { ca: [2, 1], 'kubelet-signing': [2, 1] },
    rotating: { ca: '2026-11-10T12:00:00Z', 'kubelet-signing': '2026-11-10T12:00:00Z' },
  });
  const never = () => Promise.reject(new Error('not here'));
  const world = {
    ...{ etcd: never, observe: never, authorities: () => createAuthorities('demo') },
    api: async () => ({ ip: '127.0.0.1', port, ...tls }),
    session: async (name: string): Promise<never> => {
      asked.push(name);
      throw new Error('it does not answer');
    },
  };
  try {
    const { signal } = new AbortController();
    const now = Date.parse('2026-11-11T11:00:00Z');
    const memberships = async () => [];
    const of = usersOfOld({ spec, world, secrets: memorySecrets(), memberships, now, signal });
    const unread = ['perhaps others: nobody could read an audit log on m0, m1, m2'];
    expect(await Promise.all([of('ca'), of('kubelet-signing')])).toEqual([unread, unread]);
    expect(asked.sort()).toEqual(['/api/v1/nodes', 'm0', 'm1', 'm2']);
  } finally {
    server.close();
  }
});
