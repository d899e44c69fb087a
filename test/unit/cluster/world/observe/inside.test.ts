import { describe, expect, it } from 'vitest';
import { PATIENT_MS } from '../../../../../src/cluster/world/machines/sessions.ts';
import { insideObserver, LOOK_MS } from '../../../../../src/cluster/world/observe/inside.ts';
import type { Session } from '../../../../../src/ssh/session.ts';

/** A machine whose session stands, and how long each look gave it: to let us in, and to answer. */
function machine({ answered }: { readonly answered: boolean }) {
  const given: { in: number; answer: number }[] = [];
  let letsIn = 0;
  const observer = insideObserver({
    memory: { spec: {}, pin: () => ({ own: true }) } as never,
    sessions: {
      session: async (_, timeoutMs = 0) => {
        letsIn = timeoutMs;
        return { answered } as Session;
      },
    },
    signal: new AbortController().signal,
    emit: () => {},
  });
  const look = (ask: () => Promise<string>) =>
    observer.observe('a', (_, timeoutMs) => {
      given.push({ in: letsIn, answer: timeoutMs });
      return ask();
    });
  return {
    ...{ given, heard: () => observer.heard('a') },
    answers: () => look(async () => 'well'),
    isSilent: () => look(() => Promise.reject(new Error('nothing came'))),
  };
}

describe('a look inside a machine', () => {
  it('gives one that no look has met yet the time that a new machine takes, whatever a step has heard from it', async () => {
    const { given, answers } = machine({ answered: true });
    await answers();
    await answers();
    expect(given).toEqual([
      { in: LOOK_MS, answer: PATIENT_MS },
      { in: LOOK_MS, answer: LOOK_MS },
    ]);
  });

  it('gives one that was silent a second, and says that it was', async () => {
    const { given, answers, isSilent } = machine({ answered: true });
    await answers();
    expect(await isSilent()).toMatchObject({ inside: null, words: 'nothing came' });
    await isSilent();
    expect(given.at(-1)).toEqual({ in: 1000, answer: 1000 });
    await answers();
    await answers();
    expect(given.at(-1)).toEqual({ in: LOOK_MS, answer: LOOK_MS });
  });

  it('gives one that was silent its time again when a step has heard from it', async () => {
    const { given, heard, isSilent } = machine({ answered: true });
    await isSilent();
    heard();
    await isSilent();
    expect(given.at(-1)).toEqual({ in: LOOK_MS, answer: PATIENT_MS });
  });

  it('gives one whose session is new the time of its log-in', async () => {
    const { given, answers, isSilent } = machine({ answered: false });
    await answers();
    await isSilent();
    await answers();
    expect(given.map(({ answer }) => answer)).toEqual([PATIENT_MS, PATIENT_MS, PATIENT_MS]);
  });
});
