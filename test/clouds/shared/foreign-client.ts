import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Machine } from '../../../src/providers/provider.ts';
import { exec } from '../../../src/util/exec.ts';

/** Whether a program can be started. */
export function isInstalled(program: string): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, ['--version'], { stdio: 'ignore' });
    child.on('error', () => resolve(false));
    child.on('close', (code) => resolve(code === 0));
  });
}

/** The commands of a page that begin with `program`: each on an indented line of its own, as a reader copies them. */
export function commandsOf(page: string, program: string): string[] {
  const text = readFileSync(new URL(`../../../docs/${page}`, import.meta.url), 'utf8');
  return [...text.matchAll(new RegExp(`^ {4}(${program} .*)$`, 'gm'))].map(([, command = '']) => command);
}

/** What a shell line prints, when it succeeds. The test's own process must go on: it serves what the client asks. */
export async function shell(line: string, env: Readonly<Record<string, string>>): Promise<string> {
  return exec('sh', ['-c', line], { env: { PATH: process.env.PATH ?? '', ...env } });
}

/** What haup says of machines that a cloud's own client shows as well. */
export function shownOf(machines: readonly Machine[]) {
  return machines.map(({ name, zone, state, internalIp, externalIp }) => ({
    name,
    zone,
    state,
    internalIp,
    externalIp,
  }));
}
