import { basename } from 'node:path';
import { COREDNS_IMAGE } from '../artifacts/images/names.ts';
import { CLUSTER_DOMAIN, clusterDns, sharedKubeletConfiguration } from '../kubernetes/kubelet.ts';
import { packageRoot } from '../util/package-root.ts';
import { remembering } from '../util/remembering.ts';
import { yamlText } from '../util/text/yaml.ts';
import { corefile } from './corefile.ts';
import { AddonError } from './errors.ts';
import type { KubernetesObject } from './object.ts';
import { readManifests } from './read.ts';

/**
 * What runs in every cluster of haup's beside its masters, as folders of manifests: /addons/NAME/*.yaml, in which a string "${input}" stands
 * for a value of {@link inputs}. Every master has a copy, and a unit that keeps the cluster so (replicas/settings/addons.ts).
 */
export interface ClusterFacts {
  readonly cluster: string;
  /** `v1.37.1` */
  readonly kubernetesVersion: string;
  readonly apiAddress: string;
  readonly apiPort: number;
  /** Of `ca.crt`. */
  readonly caPem: string;
  readonly serviceCidr: string;
  readonly clusterCidr: string;
  /** Whether haup gives Services of type LoadBalancer their addresses, and no cloud. */
  readonly givesServiceAddresses: boolean;
  /** Whether it is a federation, which keeps objects alone. */
  readonly federation?: boolean;
  /** Whether machines have a resolver of their own that pods may ask for the names of the world. */
  readonly resolver: boolean;
}

export interface Addon {
  /** A file name. */
  readonly name: string;
  readonly objects: readonly KubernetesObject[];
}

/** Which inputs each add-on's manifests have, all of them and no other. */
const BUILT_IN = {
  'node-bootstrap': [],
  'kubeadm-join': ['discoveryKubeconfig', 'clusterConfiguration', 'kubeletConfiguration'],
  dns: ['corefile', 'clusterDns', 'corednsImage'],
  'service-addresses': [],
  federation: [],
} as const satisfies Readonly<Record<string, readonly (keyof Inputs)[]>>;

type Inputs = ReturnType<typeof inputs>;

/** What an object belongs to; on everything that haup's add-on units keep. */
export const ADDON_LABEL = 'addons.haup.dev/name';

const ROOT = `${packageRoot}addons/`;

/** haup's own add-ons for a cluster. */
export function builtInAddons(facts: ClusterFacts): Addon[] {
  const values = inputs(facts);
  const wanted = Object.entries(BUILT_IN).filter(
    ([name]) =>
      (name === 'federation') === (facts.federation ?? false) &&
      (name !== 'service-addresses' || facts.givesServiceAddresses),
  );
  return wanted.map(([name, names]) => ({
    name,
    objects: ownManifests(name).map((object) =>
      labelled(name, fill(object, name, Object.fromEntries(names.map((input) => [input, values[input]])))),
    ),
  }));
}

/** What a master should have is made out at every look; these files do not change meanwhile, and reading YAML takes a while. */
const ownManifests = remembering(Object.keys(BUILT_IN).length, (name): readonly KubernetesObject[] =>
  readManifests(`${ROOT}${name}`),
);

/** A folder of the user's (`--addons DIR`); nothing in it is filled in. @throws AddonError */
export function userAddon(folder: string): Addon {
  const name = basename(folder)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  if (name === '' || name in BUILT_IN || name === 'rights')
    throw new AddonError(`${folder}: an add-on of haup's own is called ${name || 'so'}: rename the folder`);
  return { name, objects: readManifests(folder).map((object) => labelled(name, object)) };
}

function inputs(facts: ClusterFacts) {
  const { cluster, apiAddress, apiPort, serviceCidr, clusterCidr } = facts;
  return {
    discoveryKubeconfig: yamlText({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: '',
          cluster: {
            server: `https://${apiAddress}:${apiPort}`,
            'certificate-authority-data': Buffer.from(facts.caPem).toString('base64'),
          },
        },
      ],
    }),
    clusterConfiguration: yamlText({
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'ClusterConfiguration',
      clusterName: cluster,
      controlPlaneEndpoint: `${apiAddress}:${apiPort}`,
      kubernetesVersion: facts.kubernetesVersion,
      networking: { dnsDomain: CLUSTER_DOMAIN, podSubnet: clusterCidr, serviceSubnet: serviceCidr },
    }),
    kubeletConfiguration: yamlText({
      ...sharedKubeletConfiguration(serviceCidr),
      // Where kubeadm puts it.
      authentication: {
        anonymous: { enabled: false },
        webhook: { enabled: true },
        x509: { clientCAFile: '/etc/kubernetes/pki/ca.crt' },
      },
    }),
    corefile: corefile({ resolver: facts.resolver }),
    clusterDns: clusterDns(serviceCidr),
    corednsImage: COREDNS_IMAGE,
  };
}

/** A value is put in for a string as a whole, after the manifest was parsed: no value can become anything but a string. */
function fill<T>(value: T, addon: string, values: Readonly<Record<string, string>>): T {
  if (typeof value === 'string') {
    const input = /^\$\{(\w+)\}$/.exec(value)?.[1];
    if (input === undefined) return value;
    if (!(input in values)) throw new Error(`the add-on ${addon} has no input ${input}`);
    return values[input] as T;
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, addon, values)) as T;
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, fill(item, addon, values)]),
  ) as T;
}

function labelled(addon: string, object: KubernetesObject): KubernetesObject {
  const labels = { ...object.metadata.labels, [ADDON_LABEL]: addon };
  return { ...object, metadata: { ...object.metadata, labels } };
}
