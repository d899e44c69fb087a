import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../../scripts/demo-homes', import.meta.url));

let root: string;
let homes: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'haup-demo-'));
  homes = join(root, 'homes');
  for (const name of ['homes', 'scripts']) mkdirSync(join(root, name));
  haup(`[ $1 != list ] || ls "$HAUP_HOME" | jq -R '{ name: . }' | jq -s .
    [ $1 != delete ] || rm "$HAUP_HOME/$3"`);
});
afterEach(() => rmSync(root, { recursive: true }));

/** A haup whose store is a folder with a file for each cluster. */
function haup(body: string): void {
  writeFileSync(join(root, 'scripts/haup'), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}

function home(name: string, ...clusters: string[]): string {
  const path = join(homes, name);
  mkdirSync(path);
  for (const cluster of clusters) writeFileSync(join(path, cluster), '');
  return path;
}

const argumentsOf = (body: string) => [
  '-c',
  `set -euo pipefail; root=$1 homes=$1/homes HAUP_HOME=$1/homes/mine; . "$2"; ${body}`,
  'scripts/demo',
  root,
  SCRIPT,
];

function run(body: string): SpawnSyncReturns<string> {
  return spawnSync('bash', argumentsOf(body), { encoding: 'utf8' });
}

test('what a run that has ended left is deleted, its clusters first', () => {
  home('1', 'demo-1', 'demo-1-us');
  const { status, stdout } = run('clean_up_after_earlier_runs; take_home');
  expect(status).toBe(0);
  expect(stdout).toBe('demo: cleaning up the cluster demo-1\ndemo: cleaning up the cluster demo-1-us\n');
  expect(readdirSync(homes)).toEqual(['mine']);
});

test.each([
  ['fails', 'exit 1'],
  ['fails after it has told some', 'echo "[]"; exit 5'],
  ['tells nonsense', 'echo oh'],
])('a home stays where the list of its clusters %s', (_, body) => {
  const left = home('1', 'demo-1');
  haup(body);
  const { status, stderr } = run('clean_up_after_earlier_runs; echo not reached');
  expect(status).toBe(1);
  expect(stderr).toContain(`demo: ${left} stays`);
  expect(readdirSync(left)).toEqual(['demo-1']);
});

test('a home stays where a cluster of it cannot be deleted', () => {
  const left = home('1', 'demo-1');
  haup('[ $1 != list ] || echo \'[{ "name": "demo-1" }]\'; [ $1 = list ]');
  expect(run('forget "$homes/1"').status).toBe(1);
  expect(existsSync(left)).toBe(true);
});

test('the home of a run that goes on stays, and can go when it is killed, whatever it has left running', async () => {
  const body = 'take_home; sleep 600 {held}<&- & echo "$!"; read -r';
  const other = spawn('bash', argumentsOf(body), { stdio: ['pipe', 'pipe', 'inherit'] });
  const [left] = await once(other.stdout, 'data');
  try {
    expect(run('clean_up_after_earlier_runs').status).toBe(0);
    expect(readdirSync(homes)).toEqual(['mine']);
    other.kill('SIGKILL');
    await once(other, 'exit');
    expect(run('clean_up_after_earlier_runs').status).toBe(0);
    expect(readdirSync(homes)).toEqual([]);
  } finally {
    other.kill('SIGKILL');
    process.kill(Number(left), 'SIGKILL');
  }
});
