import type { Command } from '../command.ts';
import { addNode } from './add-node.ts';
import { addReplica } from './add-replica.ts';
import { apply } from './apply.ts';
import { backupCreate } from './backup/create.ts';
import { backupDisable } from './backup/disable.ts';
import { backupEnable } from './backup/enable.ts';
import { backupList } from './backup/list.ts';
import { backupPrune } from './backup/prune.ts';
import { backupVerify } from './backup/verify.ts';
import { completion } from './completion.ts';
import { configShow } from './config-show.ts';
import { create, kubeUp } from './create.ts';
import { deleteCluster } from './delete.ts';
import { drill } from './drill.ts';
import { fault } from './fault.ts';
import { federationDelete } from './federation/delete.ts';
import { federationDnsConfig } from './federation/dns-config.ts';
import { federationInit } from './federation/init.ts';
import { federationJoin } from './federation/join.ts';
import { federationList } from './federation/list.ts';
import { federationStatus } from './federation/status.ts';
import { federationUnjoin } from './federation/unjoin.ts';
import { guard } from './guard.ts';
import { joinCommand } from './join-command.ts';
import { kubeDown } from './kube-down.ts';
import { kubeconfig } from './kubeconfig.ts';
import { list } from './list.ts';
import { removeNode } from './remove-node.ts';
import { removeReplica } from './remove-replica.ts';
import { renew } from './renew.ts';
import { repair } from './repair.ts';
import { replaceNode } from './replace-node.ts';
import { replaceReplica } from './replace-replica.ts';
import { rescue } from './rescue.ts';
import { restore } from './restore.ts';
import { rotate } from './rotate.ts';
import { setAddons } from './set-addons.ts';
import { ssh } from './ssh.ts';
import { status } from './status.ts';
import { storeMove } from './store-move.ts';
import { upgrade } from './upgrade.ts';

/** In the order that `haup --help` lists them. */
export const commands: readonly Command[] = [
  create,
  addReplica,
  removeReplica,
  replaceReplica,
  addNode,
  removeNode,
  replaceNode,
  repair,
  rescue,
  restore,
  backupEnable,
  backupDisable,
  backupCreate,
  backupList,
  backupVerify,
  backupPrune,
  renew,
  rotate,
  upgrade,
  setAddons,
  apply,
  configShow,
  status,
  list,
  kubeconfig,
  joinCommand,
  ssh,
  storeMove,
  deleteCluster,
  federationInit,
  federationJoin,
  federationUnjoin,
  federationList,
  federationStatus,
  federationDnsConfig,
  federationDelete,
  drill,
  guard,
  fault,
  kubeUp,
  kubeDown,
  completion,
];
