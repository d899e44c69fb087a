import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commands } from '../../../src/cli/commands/index.ts';
import { INTERRUPTED } from '../../../src/cli/exit.ts';
import { readArguments } from '../../../src/cli/input/argv.ts';
import { resolveFlags } from '../../../src/cli/input/resolve.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url).pathname, 'utf8');

/** Throws what haup would say of such a line. */
function understand(line: string, env: Readonly<Record<string, string>> = {}) {
  const [, ...words] = line.trim().split(/\s+/);
  const { command, flags } = readArguments(words, commands);
  return resolveFlags(command.flags, { flags, env, file: new Map() }).values;
}

test.each(['docs/guard.md', 'docs/drill.md', 'docs/monitoring.md'])(
  'haup understands what %s shows',
  (path) => {
    const shown = [...read(path).matchAll(/^haup [^#\n]+/gm)].map(([line]) => line);
    expect(shown.length).toBeGreaterThan(0);
    for (const line of shown) expect(() => understand(line), line).not.toThrow();
  },
);

test('the unit starts what there is, and its variables say what they say in docs/guard.md', () => {
  const [, line = ''] = /^ExecStart=\/usr\/local\/bin\/(.+)$/m.exec(
    read('scripts/systemd/haup-guard@.service'),
  )!;
  const [, settings = ''] = /^printf '(.+)'/m.exec(read('docs/guard.md'))!;
  const env = Object.fromEntries(
    settings
      .split('\\n')
      .filter(Boolean)
      .map((setting) => setting.split(/=(.*)/s).slice(0, 2)),
  );
  expect(understand(line.replace('%i', 'demo'), env)).toMatchObject({
    ...{ cluster: 'demo', may: ['renew', 'repair', 'clear-nospace'], after: 600_000 },
    ...{ store: 's3://team/haup', metrics: { host: '127.0.0.1', port: 9479 } },
  });
});

test('a guard that was stopped has not failed', () => {
  expect(read('scripts/systemd/haup-guard@.service')).toContain(`\nSuccessExitStatus=${INTERRUPTED}\n`);
});
