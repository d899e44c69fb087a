import type { Tools } from '../tools.ts';
import { FIRST_LOGIN_MS } from './first-login.ts';

/** A provider reports the machine as running before its sshd answers; what follows is judged by what is inside. */
export async function startMachine(t: Tools, name: string): Promise<void> {
  t.drop(name);
  await t.provider.machines.start(name);
  await t.session(name, FIRST_LOGIN_MS);
}
