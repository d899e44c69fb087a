import { freed } from './effects.ts';
import { itsReplica, machine, type ReplicaStep, type StepKind } from './step-kind.ts';

export type DeleteMachine = ReplicaStep<'delete-machine'>;

export const deleteMachine: StepKind<DeleteMachine> = {
  describe: ({ replica }) => `delete the machine ${replica}`,
  touches: itsReplica,
  outdates: machine,
  simulate: ({ replica }, before) => ({
    ...before,
    machines: before.machines.filter(({ name }) => name !== replica),
    address: freed(before, 'machine', replica),
  }),
};
