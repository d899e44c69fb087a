import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withWholeCommands } from '../../../../src/cli/help/hints.ts';
import { ReplicaError } from '../../../../src/replicas/errors.ts';
import { haup, statusOf } from '../fake.ts';

const demo = { cluster: 'demo', store: undefined };
const elsewhere = { cluster: 'demo', store: 'file:///a b' };

describe('a command in a hint', () => {
  it.each([
    ['run haup repair', demo, 'run haup repair -c demo'],
    ['haup repair moves it to another zone', demo, 'haup repair -c demo moves it to another zone'],
    [
      'see `haup ssh x -- journalctl -u etcd`, then `haup repair`',
      demo,
      'see `haup ssh -c demo x -- journalctl -u etcd`, then `haup repair -c demo`',
    ],
    [
      'first: haup repair -c one (or haup repair --abandon -c one)',
      demo,
      'first: haup repair -c one (or haup repair --abandon -c one)',
    ],
    ['see haup list', demo, 'see haup list'],
    [
      'see haup list, then haup status',
      elsewhere,
      "see haup list --store 'file:///a b', then haup status -c demo --store 'file:///a b'",
    ],
    ['haup was looking; the haup-addons unit', demo, 'haup was looking; the haup-addons unit'],
    [
      'MULTIZONE=true haup create (or --multizone)',
      { cluster: undefined, store: undefined },
      'MULTIZONE=true haup create (or --multizone)',
    ],
  ])('%s', (sentence, typed, whole) => {
    expect(withWholeCommands(sentence, typed)).toBe(whole);
  });

  it('is complete in what an error advises, with the store if it was named on the command line', async () => {
    const repair = () => Promise.reject(new ReplicaError('no etcd', { advice: 'look with: haup status' }));
    const engine = { repair };
    expect((await haup(['repair', '-c', 'demo'], { engine })).err).toContain(
      '  look with: haup status -c demo\n',
    );
    expect((await haup(['repair', '-c', 'demo', '--store', '/s'], { engine })).err).toContain(
      '  look with: haup status -c demo --store file:///s\n',
    );
    const env = { HAUP_STORE: '/s', HAUP_CLUSTER: 'demo' };
    expect((await haup(['repair'], { engine, env })).err).toContain('  look with: haup status -c demo\n');
  });

  it('is complete in a status, as text and as a document', async () => {
    const remedy = { to: 'move it', command: 'repair', cluster: 'demo' } as const;
    const warnings = [{ says: 'nobody reaches it', remedy }];
    const status = async () => statusOf({ converged: false, unfinished: ['x'], warnings });
    const argv = ['status', '-c', 'demo', '--store', '/s'];
    const text = (await haup(argv, { engine: { status } })).out;
    expect(text).toContain('unfinished (haup repair -c demo --store file:///s finishes it)');
    expect(text).toContain('nobody reaches it; move it: haup repair -c demo --store file:///s');
    const json = JSON.parse((await haup([...argv, '-o', 'json'], { engine: { status } })).out);
    expect(json.warnings).toEqual(['nobody reaches it; move it: haup repair -c demo --store file:///s']);
  });

  it('names the store that only this command’s configuration file names', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'haup-hints-'));
    try {
      writeFileSync(join(folder, 'haup.yaml'), 'store: /elsewhere\n');
      const status = async () => statusOf({ converged: false, unfinished: ['x'] });
      const file = join(folder, 'haup.yaml');
      const given = await haup(['status', '-c', 'demo', '--config', file], { engine: { status } });
      expect(given.out).toContain('haup repair -c demo --store file:///elsewhere finishes it');
      const found = await haup(['status', '-c', 'demo'], { engine: { status }, env: { HAUP_CONFIG: file } });
      expect(found.out).toContain('haup repair -c demo finishes it');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
