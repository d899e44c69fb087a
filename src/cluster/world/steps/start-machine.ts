import { FIRST_LOGIN_MS } from '../first-login.ts';
import type { Executor } from './executor.ts';

export const startMachine: Executor<'start-machine'> = async (t, { replica }) => {
  t.drop(replica);
  await t.provider.machines.start(replica);
  // A provider reports the machine as running before its sshd answers; what follows is judged by what is inside.
  await t.session(replica, FIRST_LOGIN_MS);
};
