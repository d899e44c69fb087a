import type { Inside } from '../../../replicas/revision/inspect.ts';
import { type MachineObservation, memberOf, type Observation } from '../../model/observation.ts';
import { certificateNames, emptyInside, revived } from './effects.ts';
import { itsReplica, machine, type ReplicaStep, type StepKind } from './step-kind.ts';

export type StartMachine = ReplicaStep<'start-machine'>;

export const startMachine: StepKind<StartMachine> = {
  describe: ({ replica }) => `start the machine ${replica}`,
  touches: itsReplica,
  outdates: machine,
  simulate: ({ replica }, before) => revived(booted(before, replica), replica),
};

/** What systemd starts again by itself: the units that were enabled. */
function booted(o: Observation, name: string): Observation {
  const machines = o.machines.map((machine): MachineObservation => {
    if (machine.name !== name) return machine;
    const was = machine.inside ?? stopped(o, name);
    return {
      ...machine,
      state: 'running',
      inside: {
        ...was,
        etcd: was.etcd === 'disabled' ? 'disabled' : 'running',
        apiServer: was.apiServer === 'disabled' ? 'disabled' : 'ready',
        controllers: was.controllers === 'disabled' ? 'disabled' : 'running',
      },
    };
  });
  return { ...o, machines };
}

/** Nothing can be seen of a stopped machine's disk: a voter is taken to have been complete, anything else to be empty. */
function stopped(o: Observation, name: string): Inside {
  const member = memberOf(o, name);
  if (!member || member.learner) return emptyInside;
  return {
    ...emptyInside,
    certificateNames: certificateNames(o),
    provisioned: true,
    etcdData: true,
    etcd: 'running',
    apiServer: 'ready',
    controllers: 'running',
  };
}
