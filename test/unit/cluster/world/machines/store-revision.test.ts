import { expect, test } from 'vitest';
import { noteOnChanged } from '../../../../../src/cluster/world/machines/store-revision.ts';
import type { Session } from '../../../../../src/ssh/session.ts';

test('a machine notes no revision of the store that is not sealed for backups before, whatever goes on meanwhile', async () => {
  const did: string[] = [];
  const memory = { revision: 7 };
  const sealed = async () => {
    did.push(`seal ${memory.revision}`);
    memory.revision = 9;
  };
  const run = async (script: string) => void did.push(`note ${/revision='?(\d+)/.exec(script)?.[1]}`);
  const { signal } = new AbortController();
  await noteOnChanged({ memory, sealed, signal }, { run } as unknown as Session);
  expect(did).toEqual(['seal 7', 'note 7']);
});
