import { deleteMachine as remove } from '../machines/delete-machine.ts';
import type { Executor } from './executor.ts';

export const deleteMachine: Executor<'delete-machine'> = (t, { replica }) => remove(t, replica);
