import { expect, test } from 'vitest';
import { auditedCertificates } from '../../../../src/app/rotation/seen-certificates.ts';
import type { Session } from '../../../../src/ssh/session.ts';
import { specOf } from '../../../support/clusters.ts';

const at = (day: number): string => `2026-11-${String(day).padStart(2, '0')}T12:00:00Z`;
const spec = specOf(['m0', 'm1', 'm2']);
const { signal } = new AbortController();

/** What the audit logs of masters say; of one without an answer nobody can read it. */
function world(answers: Readonly<Record<string, string>>) {
  return {
    session: async (name: string): Promise<Session> => {
      const run = async () => answers[name] ?? Promise.reject(new Error('it does not answer'));
      return { run } as unknown as Session;
    },
  };
}

const line = (first: string, last: string) => [first, last, '1', 'a'.repeat(64), 'jane'].join('\t');

test('logs tell together only from where the last of them begins: what one was shown is in no other', async () => {
  const audited = await auditedCertificates(spec, world({ m0: at(3), m1: at(9), m2: at(1) }), signal);
  expect(audited).toEqual({ seen: [], since: at(9), unread: [] });
});

test('what several have seen is one, from its first use to its last, and a log that cannot be read is named', async () => {
  const logs = { m0: `${at(1)}\n${line(at(4), at(5))}`, m1: `${at(2)}\n${line(at(3), at(4))}` };
  const audited = await auditedCertificates(spec, world(logs), signal);
  expect(audited).toMatchObject({ since: at(2), unread: ['m2'] });
  expect(audited.seen).toMatchObject([{ user: 'jane', first: at(3), last: at(5) }]);
  expect(await auditedCertificates(spec, world({}), signal)).toMatchObject({ since: null, seen: [] });
});
