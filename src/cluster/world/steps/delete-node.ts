import { deleteMachine } from '../machines/delete-machine.ts';
import type { Executor } from './executor.ts';

export const deleteNode: Executor<'delete-node'> = (t, { node }) => deleteMachine(t, node);
