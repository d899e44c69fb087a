import { expect, test } from 'vitest';
import { read } from '../../../scripts/conformance/run.ts';
import { isQuick, sample, wantsToBeAlone } from '../../../scripts/conformance/specs.ts';

const names = Array.from({ length: 400 }, (_, index) => `spec ${index}`);

test('a seed chooses the same specs each time, each once, another seed others', () => {
  const chosen = sample(names, 30, 7);
  expect(sample(names, 30, 7)).toEqual(chosen);
  expect(new Set(chosen).size).toBe(30);
  expect(sample(names, 30, 8)).not.toEqual(chosen);
  expect(sample(names.slice(0, 3), 30, 7).sort()).toEqual(names.slice(0, 3));
});

test('what wants the cluster for itself is told by its name', () => {
  expect(wantsToBeAlone('[sig-apps] Daemon set [Serial] should run [Conformance]')).toBe(true);
  expect(wantsToBeAlone('[sig-apps] Deployment should run [Conformance]')).toBe(false);
  expect(isQuick('[sig-apps] Daemon set [Serial] should run [Conformance]')).toBe(false);
  expect(isQuick('[sig-apps] CronJob should not run [Slow] [Conformance]')).toBe(false);
});

test('a report tells each spec that was asked for, also that it was not reached', () => {
  const spec = (text: string, State: string, Failure?: object) => ({
    ContainerHierarchyTexts: ['[sig-a]'],
    LeafNodeText: text,
    State,
    RunTime: 1_260_000_000,
    Failure,
  });
  const report = JSON.stringify([
    {
      SpecReports: [
        { ContainerHierarchyTexts: null, LeafNodeText: '', State: 'passed', RunTime: 1 },
        spec('good', 'passed'),
        spec('bad', 'failed', { Message: 'no pod\n', Location: { FileName: 'a.go', LineNumber: 3 } }),
        spec('late', 'timedout', { Message: 'too long' }),
        spec('not here', 'skipped', { Message: 'only elsewhere' }),
        spec('other', 'skipped'),
      ],
    },
  ]);
  const asked = ['[sig-a] good', '[sig-a] bad', '[sig-a] late', '[sig-a] not here', '[sig-a] never'];
  expect(read(asked, report).map(({ state, message }) => [state, message])).toEqual([
    ['passed', ''],
    ['failed', 'no pod (a.go:3)'],
    ['failed', 'too long'],
    ['skipped', 'only elsewhere'],
    ['not reached', ''],
  ]);
  expect(read(asked, '[]').every(({ state }) => state === 'not reached')).toBe(true);
});
