import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { parseSeen, seenCertificates } from '../../../../src/replicas/audit/seen-certificates.ts';
import { paths } from '../../../../src/replicas/paths.ts';
import type { Session } from '../../../../src/ssh/session.ts';
import { tryExec } from '../../../../src/util/exec.ts';

/** What a v1.36.4 API server wrote: of three with certificates, and of itself. */
const REAL = readFileSync(new URL('audit.jsonl', import.meta.url), 'utf8');
const ADDRESSES = '83406ec176cd48540965f92014fc1fd6ebf6f1cd5c645f6586f966d5dac6c6cb';
const ENDPOINTS = '5716070be425cbf24939b2ca5860170e6888ee7350b9577754e6eb0aaa060a0d';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haup-audit-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

/** A machine whose logs are in the folder. */
const session = {
  async run(script: string) {
    const { code, stdout, stderr } = await tryExec('sh', [
      '-c',
      script.replaceAll(paths.auditLog, join(folder, 'audit.log')),
    ]);
    if (code !== 0 || stderr !== '') throw new Error(stderr);
    return stdout;
  },
} as unknown as Session;

const seen = () => seenCertificates(session);
const put = (name: string, content: string | Buffer): void => writeFileSync(join(folder, name), content);

function line(id: number, at: string, more: object = {}): string {
  const sha256 = String(id).repeat(64);
  const event = {
    kind: 'Event',
    requestURI: '/api/v1/pods?a="user":{"username":"b"',
    user: {
      username: 'jane',
      groups: ['x'],
      extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${sha256}`] },
    },
    ...more,
    requestReceivedTimestamp: at,
    stageTimestamp: '2026-01-01T00:00:00Z',
    annotations: {},
  };
  return `${JSON.stringify(event)}\n`;
}

describe('the audit log', () => {
  test('tells who showed which certificate, first and last', async () => {
    put('audit.log', REAL);
    const { since, seen: all } = (await seen())!;
    expect(since).toBe('2026-11-26T07:43:09.734110Z');
    expect(
      [...all]
        .sort((a, b) => (a.user < b.user ? -1 : 1))
        .filter(({ sha256 }) => [ADDRESSES, ENDPOINTS].includes(sha256)),
    ).toEqual([
      {
        ...{ user: 'haup:endpoints', sha256: ENDPOINTS, requests: 1 },
        ...{ first: '2026-11-26T07:43:10.106835Z', last: '2026-11-26T07:43:10.106835Z' },
      },
      {
        ...{ user: 'haup:service-addresses', sha256: ADDRESSES, requests: 1 },
        ...{ first: '2026-11-26T07:43:09.734110Z', last: '2026-11-26T07:43:09.734110Z' },
      },
    ]);
    expect(all.map(({ user }) => user)).not.toContain('system:apiserver');
  });

  test('is read with the two newest that were put aside, compressed or not', async () => {
    put('audit-2026-11-01T00-00-00.000.log.gz', gzipSync(line(1, '2026-11-01T00:00:00.000000Z')));
    put('audit-2026-11-02T00-00-00.000.log.gz', gzipSync(line(1, '2026-11-02T00:00:00.000000Z')));
    put('audit-2026-11-03T00-00-00.000.log', line(1, '2026-11-03T00:00:00.000000Z'));
    put('audit.log', line(1, '2026-11-04T00:00:00.000000Z'));
    expect(await seen()).toEqual({
      since: '2026-11-02T00:00:00.000000Z',
      seen: [
        {
          ...{ user: 'jane', sha256: '1'.repeat(64), requests: 3 },
          ...{ first: '2026-11-02T00:00:00.000000Z', last: '2026-11-04T00:00:00.000000Z' },
        },
      ],
    });
  });

  test('names who asked, whatever stands in what was asked', async () => {
    const disguised = {
      requestObject: { user: { username: 'eve' }, requestReceivedTimestamp: '2020-01-01T00:00:00.000000Z' },
    };
    const spoken = {
      user: {
        username: 'a "quoted"\tone \\ ü',
        extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${'2'.repeat(64)}`] },
      },
    };
    const impersonating = {
      user: { username: 'root', extra: {} },
      impersonatedUser: {
        username: 'jane',
        extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${'3'.repeat(64)}`] },
      },
    };
    const at = '2026-11-04T00:00:00.000000Z';
    put('audit.log', [line(1, at, disguised), line(2, at, spoken), line(3, at, impersonating)].join(''));
    const { seen: all } = (await seen())!;
    expect(all.map(({ user, first }) => [user, first]).sort()).toEqual([
      ['a "quoted"\tone \\ ü', at],
      ['jane', at],
    ]);
  });

  test('that is not there, or empty, is none', async () => {
    expect(await seen()).toBeNull();
    put('audit.log', '');
    expect(await seen()).toBeNull();
  });

  test('of something else is refused', () => {
    expect(() => parseSeen('2026-11-04T00:00:00Z\nnonsense\n')).toThrow('not one of Kubernetes');
  });
});
