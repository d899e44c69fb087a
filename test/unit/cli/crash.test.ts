import { expect, it } from 'vitest';
import type { EngineOptions } from '../../../src/app/engine.ts';
import { haup, planOf } from './fake.ts';

const first = { kind: 'provision', replica: 'demo-master' } as const;
const second = { kind: 'bootstrap-etcd', replica: 'demo-master' } as const;
const never = () => new Promise<never>(() => {});

/** A command during which nothing catches an exception. */
function crashing(argv: readonly string[], emitted: (emit: EngineOptions['emit']) => void) {
  let crash: (error: Error) => void = () => {};
  const crashed = new Promise<never>((_, reject) => {
    crash = reject;
  });
  const opened = ({ emit }: EngineOptions) => {
    emitted(emit);
    setImmediate(() => crash(new TypeError('x is not a function')));
  };
  const engine = { create: never, delete: never, list: never };
  return haup(argv, { engine, opened, world: { crashed } });
}

it('an exception that nothing catches says what is unfinished, and the way on', async () => {
  const ran = await crashing(['create', '-c', 'demo'], (emit) => {
    emit({ type: 'plan', plan: planOf([first, second]) });
    emit({ type: 'step-started', step: first });
  });
  expect(ran.code).toBe(1);
  expect(ran.err).toMatch(/haup: x is not a function\n {2}This is a defect of haup/);
  expect(ran.err).toContain(
    '  unfinished: provision demo-master; bootstrap etcd on demo-master\n  haup repair -c demo finishes it\n',
  );
});

it('of a deletion, that is haup delete', async () => {
  const ran = await crashing(['delete', '-c', 'demo', '--yes'], (emit) => {
    emit({ type: 'step-started', step: first });
  });
  expect(ran.err).toContain('  haup delete -c demo finishes it\n');
});

it('with nothing begun there is nothing to finish', async () => {
  const ran = await crashing(['list'], () => {});
  expect(ran.err).not.toMatch(/unfinished|repair/);
});
