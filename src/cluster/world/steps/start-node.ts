import { FIRST_LOGIN_MS } from '../first-login.ts';
import type { Executor } from './executor.ts';

export const startNode: Executor<'start-node'> = async (t, { node }) => {
  t.drop(node);
  await t.provider.machines.start(node);
  await t.session(node, FIRST_LOGIN_MS);
};
