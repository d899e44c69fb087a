import type { Tools } from '../tools.ts';
import { forgetBootHostKey } from './boot-host-key.ts';

/** The machine goes, and with it all that was remembered of it. */
export async function deleteMachine(t: Tools, name: string): Promise<void> {
  t.drop(name);
  await t.provider.machines.delete(name);
  await forgetBootHostKey(t, name);
  await t.memory.forget(name);
}
