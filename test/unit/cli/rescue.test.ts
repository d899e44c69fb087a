import { describe, expect, it } from 'vitest';
import type { Step } from '../../../src/cluster/plan/step.ts';
import { haup, outcome, planOf } from './fake.ts';

const gives: Step = { kind: 'force-new-cluster', replica: 'demo-master' };
const lost = planOf([gives], { warnings: ['writes after noon are lost for ever'] });

/** As the engine: what loses something is only planned unless that was agreed to. */
const rescue = async ({ loses }: { loses: boolean }) => ({ ...outcome, plan: lost, executed: loses });

function typing(answer: string, said: string[] = []) {
  const ask = async (question: string): Promise<string> => {
    said.push(question);
    return answer;
  };
  return { interactive: true, ask };
}

describe('haup rescue', () => {
  it('asks nobody where nothing is lost', async () => {
    const ran = await haup(['rescue', '-c', 'demo']);
    expect(ran.code).toBe(0);
    expect(ran.calls).toEqual([
      { method: 'rescue', arguments: [{ cluster: 'demo', fenced: [], dryRun: false, loses: false }] },
    ]);
  });

  it('asks before anything is lost, and says what', async () => {
    const said: string[] = [];
    const ran = await haup(['rescue', '-c', 'demo'], { engine: { rescue }, world: typing('demo\n', said) });
    expect(ran.code).toBe(0);
    expect(said.join()).toMatch(/what demo-master does not know.*lost for ever/s);
    expect(ran.calls.map(({ arguments: [request] }) => (request as { loses: boolean }).loses)).toEqual([
      false,
      true,
    ]);
  });

  it('does nothing when another name is typed, and where there is nobody to ask', async () => {
    const other = await haup(['rescue', '-c', 'demo'], { engine: { rescue }, world: typing('yes') });
    expect([other.code, other.calls.length, other.err]).toEqual([1, 1, 'haup: nothing was changed\n']);
    const nobody = await haup(['rescue', '-c', 'demo'], { engine: { rescue } });
    expect([nobody.code, nobody.calls.length]).toEqual([2, 1]);
    expect(nobody.err).toContain('--yes is missing');
  });

  it('shows the plan of a dry run, and one that is refused', async () => {
    const dry = await haup(['rescue', '-c', 'demo', '--dry-run'], { engine: { rescue } });
    expect([dry.code, dry.calls.length]).toEqual([0, 1]);
    expect(dry.out).toContain('make demo-master a cluster of one');
    const plan = planOf([], { blocked: [{ message: 'm1 is switched on', advice: 'stop it' }] });
    const refused = await haup(['rescue', '-c', 'demo'], {
      engine: { rescue: async () => ({ ...outcome, plan, executed: false }) },
    });
    expect([refused.code, refused.out]).toEqual([3, expect.stringContaining('m1 is switched on')]);
  });
});
