import { emptyInside, withMachine } from './effects.ts';
import { itsReplica, machine, type ReplicaStep, type StepKind } from './step-kind.ts';

export interface CreateMachine extends ReplicaStep<'create-machine'> {
  readonly zone: string;
}

export const createMachine: StepKind<CreateMachine> = {
  describe: ({ replica, zone }) => `create the machine ${replica} in ${zone}`,
  touches: itsReplica,
  outdates: machine,
  simulate: ({ replica, zone }, before) =>
    withMachine(before, {
      name: replica,
      zone,
      state: 'running',
      internalIp: '',
      externalIp: null,
      inside: emptyInside,
    }),
};
