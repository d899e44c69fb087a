/** The units of a replica, as systemd names them. */
export const unit = {
  etcd: 'etcd.service',
  apiServer: 'kube-apiserver.service',
  endpoints: 'kubernetes-endpoints.service',
  controllerManager: 'kube-controller-manager.service',
  scheduler: 'kube-scheduler.service',
} as const;

/** Keeps the cluster's add-ons what they should be. */
export const ADDONS_UNIT = 'haup-addons.service';

/** The controller of a federation. */
export const FEDERATION_UNIT = 'haup-federation.service';

/** Come and go with the API server. */
export const companions = [unit.endpoints, ADDONS_UNIT] as const;

export type UnitName = (typeof unit)[keyof typeof unit];

/** Where controller manager and scheduler say on loopback whether they are well. Their fixed, default ports. */
export const healthUrls = {
  [unit.controllerManager]: 'https://127.0.0.1:10257/healthz',
  [unit.scheduler]: 'https://127.0.0.1:10259/healthz',
} as const;

/** A controller that systemd had to start again counts as running when it has been up for so long: it may be in a loop. */
export const SETTLED_SECONDS = 5;
