import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { encryptionKeys, kubeletAuthorities, operatorKeys } from '../../../../src/cluster/world/keys.ts';
import { issueKubeletServing } from '../../../../src/pki/issue.ts';
import {
  createKubeletAuthorities,
  parseKubeletAuthorities,
  serializeKubeletAuthorities,
} from '../../../../src/pki/kubelet-authorities.ts';

const DAY = 86_400_000;

/** The secrets of a store in which the authorities were made so many days ago. */
async function keptFor(days: number) {
  const made = await createKubeletAuthorities('demo', { now: Date.now() - days * DAY });
  let text = serializeKubeletAuthorities(made);
  const secrets = {
    get: async () => text,
    put: async (_: string, changed: string) => {
      text = changed;
    },
    putIfAbsent: async () => text,
    remove: async () => {},
    all: async () => ({}),
  };
  return { made, secrets, kept: () => parseKubeletAuthorities(text) };
}

test('authorities for kubelets stay as they are for two thirds of their year', async () => {
  const { made, secrets, kept } = await keptFor(240);
  expect(await kubeletAuthorities(secrets, { name: 'demo' })).toEqual(made);
  expect(kept()).toEqual(made);
});

test.each([250, 400])(
  'after %i days they are renewed with their keys: who believes either believes both',
  async (days) => {
    const { made, secrets, kept } = await keptFor(days);
    const renewed = await kubeletAuthorities(secrets, { name: 'demo' });
    expect(kept()).toEqual(renewed);
    for (const purpose of ['client', 'serving'] as const) {
      const [before, after] = [made[purpose], renewed[purpose]];
      expect(after.keyPem).toBe(before.keyPem);
      const [old, young] = [new X509Certificate(before.certPem), new X509Certificate(after.certPem)];
      expect(young.subject).toBe(old.subject);
      expect(Date.parse(young.validTo) - Date.now()).toBeGreaterThan(364 * DAY);
      const node = { name: 'n', internalIp: '10.0.0.1' };
      const leaf = new X509Certificate((await issueKubeletServing(node, renewed)).certPem);
      if (purpose === 'serving') {
        for (const authority of [old, young])
          expect([leaf.checkIssued(authority), leaf.verify(authority.publicKey)]).toEqual([true, true]);
      }
    }
    expect(await kubeletAuthorities(secrets, { name: 'demo' })).toEqual(renewed);
  },
);

test.each(['', '{', '{"privateKey":"KEY-TEXT', '{"privateKey":"KEY-TEXT"}', '[]', 'KEY-TEXT'])(
  'a damaged secret is damage, and nothing of it is told: %s',
  async (text) => {
    const { secrets } = await keptFor(1);
    const damaged = { ...secrets, get: async () => text };
    for (const read of [operatorKeys, encryptionKeys]) {
      const error = await read(damaged, { name: 'demo' }).then(
        () => null,
        (reason: unknown) => reason as Error,
      );
      expect(error).toMatchObject({ name: 'StoreError', kind: 'corrupt' });
      expect(`${error?.message} ${error?.stack}`).not.toContain('KEY-T');
    }
  },
);
