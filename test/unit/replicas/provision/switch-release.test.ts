import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { shellScript } from '../../../../src/ssh/script.ts';
import { releaseFolder, where } from './release-folder.ts';

const switchScript = shellScript('replicas/scripts/switch-release.sh', [
  ...where,
  ...(['change', 'stopped', 'restarts', 'finish'] as const),
]);
const putBackScript = shellScript('replicas/scripts/put-back.sh', [...where, 'change', 'stopped']);

/** A machine on which release `a` is in force and complete, and `b` is staged. */
function machine() {
  const { at, paths, asked, run } = releaseFolder(['releases/a/units', 'releases/b/units'], {
    fails: '*"start --no-block elsewhere"*',
  });
  for (const name of ['a', 'b']) {
    writeFileSync(at(`releases/${name}/units/here.service`), name);
    writeFileSync(at(`releases/${name}/marker.json`), JSON.stringify({ change: name }));
  }
  writeFileSync(at('marker.json'), JSON.stringify({ change: 'a' }));
  symlinkSync(at('releases/b'), at('staged'));
  return {
    asked,
    /** From now on no unit can be installed, until what is returned is called. */
    breakUnits: () => {
      writeFileSync(at('units/.haup'), '');
      return () => rmSync(at('units/.haup'));
    },
    has: (name: string) => existsSync(at(name)),
    inForce: () => readFileSync(at('current/units/here.service'), 'utf8'),
    installed: () => readFileSync(at('units/here.service'), 'utf8'),
    complete: () => (JSON.parse(readFileSync(at('marker.json'), 'utf8')) as { change: string }).change,
    switch: (options: { stopped?: string; restarts?: string; finish?: string } = {}) =>
      run(switchScript({ ...paths, change: 'b', stopped: '', restarts: '', finish: '', ...options })).status,
    putBack: (stopped = '') => run(putBackScript({ ...paths, change: 'b', stopped })).status,
  };
}

test('a release comes into force also where there is no unit of a helper that only other masters have', () => {
  const it = machine();
  expect(it.switch({ restarts: 'here.service elsewhere.service' })).toBe(0);
  expect(it.asked()).toContain('try-restart --no-block here.service');
  expect(it.asked()).not.toContain('elsewhere');
  expect([it.inForce(), it.installed(), it.complete(), it.has('staged')]).toEqual(['b', 'b', 'b', false]);
});

test('a release that came into force, but not wholly, is put back', () => {
  const it = machine();
  expect(it.switch({ finish: 'exit 9' })).not.toBe(0);
  expect([it.inForce(), it.complete()]).toEqual(['b', 'a']);
  expect(it.putBack()).toBe(0);
  expect([it.inForce(), it.installed(), it.complete(), it.has('staged')]).toEqual(['a', 'a', 'a', false]);
});

test('putting back is done again after it was cut off, and done twice is done once', () => {
  const it = machine();
  expect(it.switch()).toBe(0);
  // Cut off where etcd is started again, before the machine's marker is written.
  expect(it.putBack('elsewhere.service')).not.toBe(0);
  expect(it.complete()).toBe('b');
  for (const _ of [1, 2]) {
    expect(it.putBack()).toBe(0);
    expect([it.inForce(), it.installed(), it.complete()]).toEqual(['a', 'a', 'a']);
  }
});

test('putting back that was cut off before the old units were installed installs them when it is done again', () => {
  const it = machine();
  expect(it.switch()).toBe(0);
  const mend = it.breakUnits();
  expect(it.putBack()).not.toBe(0);
  mend();
  expect(it.putBack()).toBe(0);
  expect([it.inForce(), it.installed(), it.complete()]).toEqual(['a', 'a', 'a']);
});

test('a release that never came into force is only forgotten', () => {
  const it = machine();
  expect(it.putBack()).toBe(0);
  expect([it.inForce(), it.complete(), it.has('staged'), it.has('releases/b')]).toEqual([
    'a',
    'a',
    false,
    false,
  ]);
});
