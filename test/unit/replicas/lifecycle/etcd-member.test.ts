import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { restartEtcdScript } from '../../../../src/replicas/lifecycle/etcd-member.ts';

/** What the script asks of systemd, on a machine whose units are in these states; `restart` is the exit code of that. */
function asked(
  states: { etcd: string; apiServer: string },
  restart = 0,
): { code: number | null; asked: string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'haup-restart-etcd-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const log = join(folder, 'log');
  const program = `#!/bin/sh
case "$*" in
  'is-active kube-apiserver.service') echo ${states.apiServer}; exit ;;
  'is-active etcd.service') echo ${states.etcd}; [ ${states.etcd} = active ]; exit ;;
esac
echo "$*" >>${log}
[ "$1" != restart ] || exit ${restart}
`;
  writeFileSync(join(folder, 'systemctl'), program);
  chmodSync(join(folder, 'systemctl'), 0o755);
  const { status } = spawnSync('sh', ['-c', restartEtcdScript], {
    env: { PATH: `${folder}:${process.env.PATH}` },
  });
  return { code: status, asked: readFileSync(log, 'utf8').trim().split('\n') };
}

const kill = 'kill --signal=KILL kube-apiserver.service';

describe('starting etcd again', () => {
  test('does not wait for an API server that ends without an etcd', () => {
    expect(asked({ etcd: 'inactive', apiServer: 'deactivating' }).asked).toEqual([
      kill,
      'enable -q etcd.service',
      'restart etcd.service',
    ]);
  });

  test('leaves an API server alone that serves, or that still has an etcd', () => {
    expect(asked({ etcd: 'failed', apiServer: 'active' }).asked).not.toContain(kill);
    expect(asked({ etcd: 'active', apiServer: 'deactivating' }).asked).not.toContain(kill);
  });

  test('is well when etcd runs, or still looks for the others; an etcd that ended is told', () => {
    expect(asked({ etcd: 'active', apiServer: 'active' }).code).toBe(0);
    expect(asked({ etcd: 'activating', apiServer: 'active' }, 124).code).toBe(0);
    expect(asked({ etcd: 'failed', apiServer: 'active' }, 1).code).not.toBe(0);
  });
});
