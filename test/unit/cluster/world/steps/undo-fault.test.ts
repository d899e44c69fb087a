import { expect, test } from 'vitest';
import type { DrillRecord } from '../../../../../src/cluster/model/drill.ts';
import { undoFault } from '../../../../../src/cluster/world/steps/undo-fault.ts';
import { ProviderError } from '../../../../../src/providers/errors.ts';

/** Undoes what a drill did to m1, by such a provider. */
async function undo(provider: object, blow: 'power-off' | 'freeze' = 'power-off') {
  const did: string[] = [];
  let drill: DrillRecord | undefined = { namespace: 'haup-drill-1', wounds: [{ blow, machine: 'm1' }] };
  const start = async (name: string) => void did.push(`start ${name}`);
  const fault = async (kind: string, name: string) => void did.push(`${kind} ${name}`);
  const tools = {
    provider: { name: 'cloud', machines: { start }, ...('fault' in provider ? { fault } : provider) },
    drop: (name: string) => void did.push(`drop ${name}`),
    memory: {
      rememberDrill: async (change: (drill: DrillRecord | undefined) => DrillRecord | undefined) => {
        drill = change(drill);
      },
    },
  } as unknown as Parameters<typeof undoFault>[0];
  const step = { kind: 'undo-fault', blow, machine: 'm1' } as const;
  const failed = await undoFault(
    tools,
    step,
    () => {},
    async () => {},
  ).then(() => null, String);
  return { did, left: drill?.wounds.length, failed };
}

test('where a drill stopped an instance, it is started again, and that is forgotten', async () => {
  expect(await undo({})).toEqual({ did: ['drop m1', 'start m1'], left: 0, failed: null });
});

test('where there is a power cord, it is put in', async () => {
  expect(await undo({ fault: true })).toEqual({ did: ['drop m1', 'power-on m1'], left: 0, failed: null });
});

test('a machine that is gone meanwhile needs nothing', async () => {
  const start = async () => {
    throw new ProviderError('not-found', 'there is no machine m1');
  };
  expect(await undo({ machines: { start } })).toMatchObject({ left: 0, failed: null });
});

test('what a cloud cannot undo, and nobody did there, is an error, and remembered', async () => {
  expect(await undo({}, 'freeze')).toMatchObject({ left: 1, failed: expect.stringMatching(/undoes freeze/) });
});
