import { describe, expect, test } from 'vitest';
import { converge } from '../../../../src/cluster/loop/converge.ts';
import type { HaupEvent } from '../../../../src/cluster/loop/events.ts';
import type { Step } from '../../../../src/cluster/plan/step.ts';
import { specOf } from '../../../support/clusters.ts';
import { SimulatedWorld } from '../../../support/world.ts';
import { change, failing, grow, silent, worldOf } from './simulated.ts';

describe('converging', () => {
  test('runs machines side by side, and says when each step begins and ends', async () => {
    const world = new SimulatedWorld(specOf(['m0', 'm1@local-b', 'm2@local-c']));
    const events: HaupEvent[] = [];
    await converge(world, { ...silent, emit: (event) => events.push(event) });
    const creations = events.filter((event) => 'step' in event && event.step.kind === 'create-machine');
    expect(creations.slice(0, 3).map((event) => event.type)).toEqual(Array(3).fill('step-started'));
    expect(events.filter((event) => event.type === 'step-finished')).toHaveLength(world.done.length);
  });

  test('fails with what it was doing, the reason, and how to go on; what ran beside it is waited for', async () => {
    const world = new SimulatedWorld(specOf(['m0', 'm1@local-b']));
    world.fate = (step) => (step.kind === 'create-machine' && step.replica === 'm1' ? 'fails' : 'works');
    await expect(converge(world, silent)).rejects.toMatchObject({
      name: 'StepError',
      message: 'could not create the machine m1 in local-b: the cloud said no',
      remedies: [{ command: 'repair', cluster: 'demo' }],
    });
    expect(world.machines.map((machine) => machine.name)).toEqual(['m0']);
  });

  test('gives up on a step that succeeds again and again without effect', async () => {
    const world = await worldOf('m0');
    world.network = false;
    world.execute = async () => {};
    await expect(converge(world, silent)).rejects.toThrow('its effect is not to be seen');
  });

  test('ends with the signal’s reason when it is interrupted', async () => {
    const world = new SimulatedWorld(specOf(['m0']));
    const stop = new AbortController();
    world.fate = (step) => {
      if (step.kind === 'provision') stop.abort(new Error('interrupted'));
      return 'works';
    };
    await expect(converge(world, { ...silent, signal: stop.signal })).rejects.toThrow('interrupted');
    expect(world.done.map((step) => step.kind)).not.toContain('bootstrap-etcd');
  });

  test('looks at everything before it says that nothing is left, and only once when it could foresee that', async () => {
    const world = new SimulatedWorld(specOf(['m0', 'm1@local-b', 'm2@local-c']));
    const looks: boolean[] = [];
    const observe = world.observe.bind(world);
    world.observe = (since?: readonly Step[]) => {
      looks.push(since === undefined);
      return observe();
    };
    await converge(world, silent);
    expect(looks.filter((whole) => whole)).toEqual([true]);
    expect(looks.at(-1)).toBe(true);
    looks.length = 0;
    await converge(world, silent);
    expect(looks, 'nothing to foresee it by').toEqual([false, true]);
  });

  test('goes on where a lost reply or a crash left it', async () => {
    for (const fate of ['reply-lost', 'killed-after', 'killed-before'] as const) {
      const world = await worldOf('m0');
      world.fate = failing('add-learner', fate);
      await expect(change(world, grow)).rejects.toThrow();
      world.fate = () => 'works';
      await converge(world, silent);
      expect(world.members.filter((member) => !member.learner)).toHaveLength(3);
    }
  });
});
