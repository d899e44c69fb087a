import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { releaseLeaseScript } from '../../../src/replicas/settings/release-lease.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haup-lease-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the script against an API that keeps one lease; while the script waits, the holder may renew it. */
function release(holder: string, renews: boolean): { holder: string; waited: boolean } {
  const lease = join(folder, 'lease');
  const json = (version: number): string =>
    JSON.stringify(
      { metadata: { name: 'x', resourceVersion: String(version) }, spec: { holderIdentity: holder } },
      null,
      2,
    );
  writeFileSync(lease, json(7));
  writeFileSync(join(folder, 'renewed'), json(8));
  const program = (name: string, text: string) =>
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  program('sleep', `echo waited >>${folder}/waits; ${renews ? `cp ${folder}/renewed ${lease}` : ''}`);
  program(
    'curl',
    `for word; do case "$last" in --data) data=$word ;; esac; last=$word; done
[ -n "$data" ] || { cat ${lease}; exit; }
version=$(sed -n 's/.*"resourceVersion": "\\(.*\\)".*/\\1/p' ${lease})
case "$data" in *"/metadata/resourceVersion\\", \\"value\\": \\"$version\\""*) sed -i 's/"holderIdentity": ".*"/"holderIdentity": ""/' ${lease} ;; esac`,
  );
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  execFileSync('sh', ['-c', releaseLeaseScript(443), 'release-lease.sh', 'kube-scheduler'], { env });
  const now = JSON.parse(readFileSync(lease, 'utf8')) as { spec: { holderIdentity: string } };
  const waited = (() => {
    try {
      return readFileSync(join(folder, 'waits'), 'utf8') !== '';
    } catch {
      return false;
    }
  })();
  return { holder: now.spec.holderIdentity, waited };
}

test('a lease that a process of this machine held, and nobody renews, is given up', () => {
  expect(release(`${hostname()}_5d0b`, false)).toEqual({ holder: '', waited: true });
});

test('a lease that somebody of the same host name renews is not taken from them', () => {
  const holder = `${hostname()}_5d0b`;
  expect(release(holder, true)).toEqual({ holder, waited: true });
});

test("another host's lease is left alone, without a wait", () => {
  expect(release('elsewhere_5d0b', false)).toEqual({ holder: 'elsewhere_5d0b', waited: false });
});
