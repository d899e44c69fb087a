import { createMachine as create } from '../machines/create-machine.ts';
import type { Executor } from './executor.ts';

export const createMachine: Executor<'create-machine'> = (t, { replica, zone }) =>
  create(t, replica, zone, 'master');
