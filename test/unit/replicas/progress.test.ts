import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { carryOut } from '../../../src/replicas/progress.ts';
import type { Session } from '../../../src/ssh/session.ts';
import { tryExec } from '../../../src/util/exec.ts';

let folder: string;
let session: Session;

/** A real shell, here instead of on a machine, with a `systemctl` and a `journalctl` of our own. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haup-progress-'));
  const program = (name: string, text: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  program('systemctl', 'cat "$STATE/restarts" 2>/dev/null || echo 0');
  program('journalctl', 'echo "panic: no disk"');
  const env = { PATH: `${folder}:${process.env.PATH}`, STATE: folder };
  session = {
    what: 'demo-master',
    exec: (command: string) => tryExec('sh', ['-c', command], { env }),
  } as unknown as Session;
});
afterEach(() => rmSync(folder, { recursive: true }));

const count = 'n=$(cat "$STATE/n" 2>/dev/null || echo 0); n=$((n + 1)); echo $n >"$STATE/n"';
const work = (script: string, timeoutMs = 60_000) => ({ doing: 'start etcd', script, timeoutMs });

describe('work on a machine', () => {
  test('is looked at again until it is done, and says what it waits for', async () => {
    const said: string[] = [];
    const script = `${count}; [ $n -ge 3 ] || not_yet etcd.service "look $n"; echo result`;
    const result = await carryOut(session, work(script), { progress: (message) => said.push(message) });
    expect(result).toBe('result\n');
    expect(said).toEqual(['look 1', 'look 2']);
  });

  test('fails at once with the words of a command that failed', async () => {
    await expect(carryOut(session, work('echo "no such file" >&2; false'))).rejects.toThrow(
      'demo-master: could not start etcd: no such file',
    );
  });

  test('fails at its time limit with what it waited for and what the unit logged last', async () => {
    await expect(carryOut(session, work('not_yet etcd.service "etcd: serving"', 0))).rejects.toMatchObject({
      message: expect.stringMatching(
        /waited 0 s for etcd: serving\. etcd\.service says:\n {2}panic: no disk$/,
      ),
      remedies: [{ command: 'ssh', replicas: ['demo-master'], run: 'journalctl -u etcd.service' }],
    });
  });

  test('is given up when its unit keeps ending, long before the time limit', async () => {
    const script = `${count}; echo $n >"$STATE/restarts"; not_yet etcd.service "etcd: serving"`;
    await expect(carryOut(session, work(script))).rejects.toThrow('etcd.service has ended 5 times');
  });

  test('forgives restarts from before it began', async () => {
    writeFileSync(join(folder, 'restarts'), '40\n');
    const script = `${count}; [ $n -ge 8 ] || not_yet etcd.service "look $n"`;
    await expect(carryOut(session, work(script))).resolves.toBe('');
  });
});
