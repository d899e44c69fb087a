/** What it costs to put a difference right, the least first; the worst of several counts. */
export const COSTS = ['nothing', 'reload', 'controllers', 'api-server', 'etcd'] as const;

/**
 * `nothing`: whoever uses it reads it anew each time. `reload`: the one that uses it takes it up while it runs, or is a helper that
 * nobody notices. The others name what has to be started again: controller manager and scheduler, the API server with its
 * helpers, or etcd, which takes the API server with it.
 */
export type Cost = (typeof COSTS)[number];

/** By path in a release; the first that fits counts. */
const rules: readonly (readonly [RegExp, Cost])[] = [
  [/^units\/etcd\.service/, 'etcd'],
  [/^units\/kube-apiserver\.service/, 'api-server'],
  [/^units\/kube-(controller-manager|scheduler)\.service/, 'controllers'],
  [/^units\//, 'reload'],

  // Scripts that run for as long as their units do, and scripts that are run now and then.
  [/^config\/(addons|kubernetes-endpoints|service-addresses)\.sh$/, 'reload'],
  [/^config\/federation\.mjs$/, 'reload'],
  [/\.sh$/, 'nothing'],
  // Rules for anonymous access cannot be changed by a reload, and encryption is not reloaded unless asked for.
  [/^config\/(admission|authentication|audit|encryption)\.yaml$/, 'api-server'],
  // The add-on unit reads them once a minute.
  [/^addons\//, 'nothing'],

  [/^pki\/etcd\/ca\.crt$/, 'etcd'],
  // The API server's client towards kubelets reads its authority once until 1.35; since 1.36 it does so again, but minutes later, and whoever
  // shows a kubelet's new certificate by then is not believed (client-go's ClientsAllowCARotation).
  [/^pki\/kubelet-ca\.crt$/, 'api-server'],
  [/^pki\/ca\.crt$/, 'controllers'],
  // kube-apiserver and the controller manager's signers watch these files.
  [/^pki\/(client|front-proxy|kubelet-client|kubelet-serving)-ca\.(crt|key)$/, 'reload'],
  [/^pki\/(sa\.(key|pub)|service-account|encryption)$/, 'api-server'],

  // In kubeconfigs, which are read once.
  [/^pki\/(controller-manager|scheduler)\.conf$/, 'controllers'],
  // etcd and its clients read their certificates at each handshake; curl and kubectl are run anew.
  [/^pki\/etcd\//, 'nothing'],
  [
    /^pki\/(apiserver-etcd-client|endpoints|service-addresses|federation|controller-manager-lease|scheduler-lease)\.crt$/,
    'nothing',
  ],
  [/^pki\/addons\.conf$/, 'nothing'],
  [/^pki\/(apiserver|apiserver-kubelet-client|front-proxy-client)\.crt$/, 'reload'],
  [/^pki\/(controller-manager|scheduler)\.crt$/, 'reload'],

  [/^version\/kubernetes$/, 'api-server'],
  [/^version\/etcd$/, 'etcd'],
];

/** Of one thing on a master, by its path: `units/etcd.service`, `pki/apiserver.crt`, `version/kubernetes`. */
export function costOf(path: string): Cost {
  // What nobody here knows may be anything.
  return rules.find(([pattern]) => pattern.test(path))?.[1] ?? 'api-server';
}

/** Of several together; `nothing` of none. */
export function worst(costs: readonly Cost[]): Cost {
  return COSTS[Math.max(0, ...costs.map((cost) => COSTS.indexOf(cost)))]!;
}
