import type { Halfway } from '../../loop/running.ts';
import type { Step } from '../../model/step.ts';
import { handOver, nameBalancer, setTargets } from './address.ts';
import { startControlPlane, stopApiServer, stopControllers } from './control-plane.ts';
import { addLearner, bootstrap, moveLeader, promote, removeMember, restartEtcd, startEtcd } from './etcd.ts';
import { createMachine, deleteMachine, provision, startMachine } from './machines.ts';
import type { Progress, Tools } from './tools.ts';

/** Does a step for real: the twin of `simulate`. Resolves when its effect can be observed. */
export async function execute(t: Tools, step: Step, progress: Progress, halfway: Halfway): Promise<void> {
  switch (step.kind) {
    case 'ensure-network':
      return t.provider.network.ensure();
    case 'reserve-address':
      await t.provider.address.reserve();
      return;
    case 'create-machine':
      return createMachine(t, step.replica, step.zone);
    case 'start-machine':
      return startMachine(t, step.replica);
    case 'provision':
      return provision(t, step.replica, progress);
    case 'bootstrap-etcd':
      return bootstrap(t, step.replica, progress);
    case 'add-learner':
      return addLearner(t, step.replica, progress);
    case 'start-etcd':
      return startEtcd(t, step.replica, progress);
    case 'restart-etcd':
      return restartEtcd(t, step.replica, progress);
    case 'promote':
      return promote(t, step.replica, progress);
    case 'move-leader':
      return moveLeader(t, step.replica, step.to);
    case 'remove-member':
      return removeMember(t, step.replica, step.member, progress);
    case 'start-control-plane':
      return startControlPlane(t, step.replica, progress, halfway);
    case 'stop-controllers':
      return stopControllers(t, step.replica, progress);
    case 'stop-api-server':
      return stopApiServer(t, step.replica, progress);
    case 'name-balancer':
      return nameBalancer(t, step.replica);
    case 'ensure-balancer':
      return t.provider.balancer.ensure(step.zones);
    case 'set-targets':
      return setTargets(t, step.targets, progress);
    case 'hand-over':
      return handOver(t, step.replica, progress);
    case 'delete-balancer':
      return t.provider.balancer.delete();
    case 'delete-machine':
      return deleteMachine(t, step.replica);
    case 'release-address':
      return t.provider.address.release();
    case 'delete-network':
      return t.provider.network.delete();
  }
}
