import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** What the scripts that exchange releases are told of a machine. */
export const where = ['releases', 'current', 'previous', 'staged', 'units', 'marker_file'] as const;

/** A machine on which the release `a` is in force, in a folder, with a systemctl that writes down what it is asked. */
export function releaseFolder(folders: readonly string[], { fails }: { readonly fails: string }) {
  const folder = mkdtempSync(join(tmpdir(), 'haup-release-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const at = (name: string): string => join(folder, name);
  for (const name of ['bin', 'units', ...folders]) mkdirSync(at(name), { recursive: true });
  symlinkSync(at('releases/a'), at('current'));
  // As systemd does, it fails on a unit that it does not know.
  const systemctl = `#!/bin/sh\necho "$@" >>${at('asked')}\ncase "$*" in ${fails}) exit 5 ;; esac\n`;
  writeFileSync(at('bin/systemctl'), systemctl);
  chmodSync(at('bin/systemctl'), 0o755);
  const paths = Object.fromEntries(
    where.map((name) => [name, at(name === 'marker_file' ? 'marker.json' : name)]),
  ) as Record<(typeof where)[number], string>;
  return {
    at,
    paths,
    asked: () => readFileSync(at('asked'), 'utf8'),
    run: (script: string, input?: Uint8Array) =>
      spawnSync('sh', ['-c', script], { env: { PATH: `${at('bin')}:${process.env.PATH}` }, input }),
  };
}
