import { forgetBootHostKey } from '../boot-host-key.ts';
import type { Executor } from './executor.ts';

export const deleteMachine: Executor<'delete-machine'> = async (t, { replica }) => {
  t.drop(replica);
  await t.provider.machines.delete(replica);
  await forgetBootHostKey(t, replica);
  await t.memory.forget(replica);
};
