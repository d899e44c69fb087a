import type { Halfway } from '../../loop/running.ts';
import type { Step } from '../../plan/steps/index.ts';
import type { Progress, Tools } from '../tools.ts';
import { addLearner } from './add-learner.ts';
import { bootstrapEtcd } from './bootstrap-etcd.ts';
import { changeRelease } from './change-release.ts';
import { clearDrill } from './clear-drill.ts';
import { connectPods } from './connect-pods.ts';
import { createMachine } from './create-machine.ts';
import { createNode } from './create-node.ts';
import { deleteBalancer } from './delete-balancer.ts';
import { deleteMachine } from './delete-machine.ts';
import { deleteNetwork } from './delete-network.ts';
import { deleteNode } from './delete-node.ts';
import { drainNode } from './drain-node.ts';
import { ensureBalancer } from './ensure-balancer.ts';
import { ensureNetwork } from './ensure-network.ts';
import type { Executor } from './executor.ts';
import { fence } from './fence.ts';
import { finishChange } from './finish-change.ts';
import { forceNewCluster } from './force-new-cluster.ts';
import { forgetNode } from './forget-node.ts';
import { handOver } from './hand-over.ts';
import { joinNode } from './join-node.ts';
import { keepAddons } from './keep-addons.ts';
import { moveLeader } from './move-leader.ts';
import { nameBalancer } from './name-balancer.ts';
import { promote } from './promote.ts';
import { provision } from './provision.ts';
import { provisionNode } from './provision-node.ts';
import { putBack } from './put-back.ts';
import { refreshCertificates } from './refresh-certificates.ts';
import { releaseAddress } from './release-address.ts';
import { removeMember } from './remove-member.ts';
import { renewCertificates } from './renew-certificates.ts';
import { renewNode } from './renew-node.ts';
import { reserveAddress } from './reserve-address.ts';
import { restartEtcd } from './restart-etcd.ts';
import { restoreEtcd } from './restore-etcd.ts';
import { routePods } from './route-pods.ts';
import { setServiceNodes } from './set-service-nodes.ts';
import { setTargets } from './set-targets.ts';
import { setUpBackup } from './set-up-backup.ts';
import { stageRelease } from './stage-release.ts';
import { startControlPlane } from './start-control-plane.ts';
import { startEtcd } from './start-etcd.ts';
import { startMachine } from './start-machine.ts';
import { startNode } from './start-node.ts';
import { stopApiServer } from './stop-api-server.ts';
import { stopBackup } from './stop-backup.ts';
import { stopControllers } from './stop-controllers.ts';
import { undoFault } from './undo-fault.ts';

/** How each kind of step is done for real. */
const executors: { readonly [K in Step['kind']]: Executor<K> } = {
  'ensure-network': ensureNetwork,
  'reserve-address': reserveAddress,
  'create-machine': createMachine,
  'start-machine': startMachine,
  provision: provision,
  'renew-certificates': renewCertificates,
  'refresh-certificates': refreshCertificates,
  'stage-release': stageRelease,
  'change-release': changeRelease,
  'put-back': putBack,
  'finish-change': finishChange,
  'bootstrap-etcd': bootstrapEtcd,
  'add-learner': addLearner,
  'start-etcd': startEtcd,
  'restart-etcd': restartEtcd,
  fence: fence,
  'force-new-cluster': forceNewCluster,
  'restore-etcd': restoreEtcd,
  promote: promote,
  'move-leader': moveLeader,
  'remove-member': removeMember,
  'start-control-plane': startControlPlane,
  'keep-addons': keepAddons,
  'stop-controllers': stopControllers,
  'stop-api-server': stopApiServer,
  'name-balancer': nameBalancer,
  'ensure-balancer': ensureBalancer,
  'set-targets': setTargets,
  'hand-over': handOver,
  'delete-balancer': deleteBalancer,
  'delete-machine': deleteMachine,
  'set-up-backup': setUpBackup,
  'stop-backup': stopBackup,
  'create-node': createNode,
  'start-node': startNode,
  'provision-node': provisionNode,
  'join-node': joinNode,
  'route-pods': routePods,
  'connect-pods': connectPods,
  'renew-node': renewNode,
  'set-service-nodes': setServiceNodes,
  'drain-node': drainNode,
  'delete-node': deleteNode,
  'forget-node': forgetNode,
  'undo-fault': undoFault,
  'clear-drill': clearDrill,
  'release-address': releaseAddress,
  'delete-network': deleteNetwork,
};

/** Does a step for real: the twin of `simulate`. Resolves when its effect can be observed. */
export function execute(t: Tools, step: Step, progress: Progress, halfway: Halfway): Promise<void> {
  const executor = executors[step.kind] as Executor<Step['kind']>;
  return executor(t, step, progress, halfway);
}
