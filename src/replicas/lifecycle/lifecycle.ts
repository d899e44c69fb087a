/** A provisioned replica's life, as the steps of a plan need it. */
export { startControlPlane, stopApiServer, stopControllers } from './control-plane.ts';
export { bootstrapEtcd, restartEtcd, startEtcd, stopEtcd } from './etcd-member.ts';
