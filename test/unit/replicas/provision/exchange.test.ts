import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { expect, test } from 'vitest';
import { shellScript } from '../../../../src/ssh/script.ts';
import { archive } from '../../../../src/util/host/archive.ts';
import { releaseFolder, where } from './release-folder.ts';

const script = shellScript('replicas/scripts/exchange.sh', [
  ...(['digest', 'restarts', 'started', 'replaced'] as const),
  ...where,
]);

test('files are exchanged on a master that lacks one of the units that have read them: a federation’s', () => {
  const { at, paths, asked, run } = releaseFolder(['releases/a/pki', 'releases/left'], {
    fails: '*elsewhere*',
  });
  writeFileSync(at('releases/a/pki/one.crt'), 'old');
  writeFileSync(at('units/here.service'), '');
  const restarts = 'here.service elsewhere.service';
  const { status, stderr } = run(
    script({ ...paths, digest: 'new', restarts, started: '', replaced: '' }),
    archive([{ path: 'pki/one.crt', content: 'renewed', mode: 0o644, owner: userInfo().username }]),
  );
  expect([status, String(stderr)]).toEqual([0, '']);
  expect(asked()).toBe('try-restart --no-block here.service\n');
  expect(readFileSync(at('current/pki/one.crt'), 'utf8')).toBe('renewed');
  expect(readlinkSync(at('current'))).toBe(at('releases/new'));
});
