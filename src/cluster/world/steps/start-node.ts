import { startMachine } from '../machines/start-machine.ts';
import type { Executor } from './executor.ts';

export const startNode: Executor<'start-node'> = (t, { node }) => startMachine(t, node);
