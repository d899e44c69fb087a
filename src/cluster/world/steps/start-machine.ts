import { startMachine as start } from '../machines/start-machine.ts';
import type { Executor } from './executor.ts';

export const startMachine: Executor<'start-machine'> = (t, { replica }) => start(t, replica);
