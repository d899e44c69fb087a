import type { SUPPORTED_MINORS } from './versions.ts';

type Known = (typeof SUPPORTED_MINORS)[number];
type Pinned = `kubernetes ${Known['release']}` | `etcd ${Known['etcd']}`;
/** SHA-256, lower-case hexadecimal, by architecture and file. */
type Files = Readonly<Record<string, string>>;

/**
 * The SHA-256 of the official files of the releases in the versions table, so that nobody who answers in the place of the official
 * servers is believed. An empty entry is one that could not be known where it was written: it is asked for once, over https, and kept
 * with the cluster. A release that is put into the versions table does not compile without its entry here.
 *
 * Source of those that are filled in: the asset data of Kubernetes' own kops project (pkg/assets/assetdata/k8s-1.*.yaml), which
 * states them for https://dl.k8s.io/release/; those of kubectl and kubelet of v1.36.4 and v1.34.10 are the same in Kubernetes' kubespray project.
 */
export const PINS: Readonly<Record<Pinned, Files>> = {
  'kubernetes v1.37.1': {
    'amd64/kube-apiserver': 'de9b1b43c10143f448408b3aaf15f44fd5248b97a56301417a1fe2f1fc47a691',
    'amd64/kube-controller-manager': 'acd67c8f8871d4594f307d2816bf11aa972f47617ee6e1f84b0ce92a091f7290',
    'amd64/kube-scheduler': '8d10dfc64de70b1670cc1ce52701eb6a219c0905a95bdde608edc5432f9eca43',
    'amd64/kube-proxy': '3f1dc2394bfe627927c17e8226b1a94c842529217c06436ddfeb73de8407b6e0',
    'amd64/kubelet': 'cee008c1640c3b41820ef31d35b3cffc132b0c4b78c288be2b8022ebc7aa8293',
    'amd64/kubectl': '65691ff77eb6fa44c908b77a1082c9f092c3b9733b5cefabec0d1104890e21a8',
    'arm64/kube-apiserver': 'c3c240bc4a0fbe3ad311ac3d74ca1d19ac411628130ea825049550fd856020d9',
    'arm64/kube-controller-manager': 'b470c3730cd8e49622c656c47ac16ef994e2edf14ba905be2dad05bc34a4e353',
    'arm64/kube-scheduler': '1bfe0c213f015abb08131ee8a02353eb0492dfe19a965b54c5ca1145b6d05e10',
    'arm64/kube-proxy': 'c1797c5dd319123c7bbb60dc94f2e91f3aa7b0be9bfe0c9cf3b143d5ee9ab944',
    'arm64/kubelet': '03e64bb3e1611d1b9ea40095b382af014bd2aa0b5f1b6670af6bbfaa0b735443',
    'arm64/kubectl': 'ff749f4b78d9c4f1ec87307df9b50119ed819e2094aa9810cb9acffc3286c8c7',
  },
  'kubernetes v1.36.4': {
    'amd64/kube-apiserver': '90939ee07af61ac3701c665647f9ce27f2f988f5c7fff406aa5794fd3e6328a6',
    'amd64/kube-controller-manager': 'ddde92e0dd14e5a01c3b178b235a85c71d531f2f344eb519500c1032f0a0d234',
    'amd64/kube-scheduler': '6ffbffcc6d57990b86a7ac4a547ad3e75b2c28cc901964f99bd13ffb304d2373',
    'amd64/kube-proxy': '74cb03e6251ae711a9363c27d1050f5106cc71ecc3334722cf9c29404638cf7a',
    'amd64/kubelet': 'cf2562db46c48ab84cc3791540778ee7fb1a0a008529adbb434723dd02ed8b4b',
    'amd64/kubectl': '8b8f088da2dab964f853b38464033b1be15ede2839eca751482357c45abdd05a',
    'arm64/kube-apiserver': '5dd6f9f59cf75c936f5789d788d6fc39ce9a39d3d8e503d7cad43468c1d1f092',
    'arm64/kube-controller-manager': '70f8cf4eca064585fd2add71f052c02a4ad9ad1378eb28c029d6e61574fe25dc',
    'arm64/kube-scheduler': '97a1eafa7185944d5f39d48b0bc9ddbe6c2810efa6e880c4ff9c8d2878a9db35',
    'arm64/kube-proxy': '342415ae03944d0368ccba6e0c33302bd59e92d08e7faf4817d4af9fc7ac134b',
    'arm64/kubelet': 'fd53ea3fcbd077844f50a3c67e9b52f62972a563674956bab0c0f4fb7ea37d50',
    'arm64/kubectl': '0ecf44450ee6063bf19dd166a103ee6df4a9034455c2abce626e6eea657d73fb',
  },
  'kubernetes v1.35.8': {},
  'kubernetes v1.34.10': {
    'amd64/kube-apiserver': 'daef57d947b3f9cf3058e7c9635339ee4a54de7ff2c7d94e0c5721280e088396',
    'amd64/kube-controller-manager': '2096d333229562714e9ea683eeb745d36b49e0d48d871a8f64892bf349c9294b',
    'amd64/kube-scheduler': 'bbb86cdc7c0999d1cf6e1bd5fec539b0c80e594ce1b726b98b453f1b825f4d32',
    'amd64/kube-proxy': 'a57b516767aea789d50786916aadae7988061a48d8691cb76a512bc9f6016521',
    'amd64/kubelet': '59669fd1233989fda877aa8a785bd56d4c73e739afcd90596c62e0172af2738c',
    'amd64/kubectl': '95bd70842bd11a524d24acd5b68726899e3488e153e45e2b4ae846545beda050',
    'arm64/kube-apiserver': '23a8e7df99269347c2006a99de4f426fad36f290dcfb70de9ebc25e43d5b6cb5',
    'arm64/kube-controller-manager': 'a5439a457c8115e75b4747da90e793ca6d209faf20db04ca273ae1763caec5a1',
    'arm64/kube-scheduler': '9b18db732f4a7eae3c488fb321f7c848a356e6a7ebd3b2dca1d236fe2788584e',
    'arm64/kube-proxy': '86dbc6663e3b5ee3baad5110042272a0c05bc5e1c98c5001998f50ed448d863e',
    'arm64/kubelet': '8f9305c7c639056e9544af4d360119af03c43cec470b2fb28ddaca26525b2564',
    'arm64/kubectl': '52d3aeefea32fdfa3671ccd636be5da463ddfd0a2fc09d7bcbaedcff4c76cad5',
  },
  'etcd v3.7.3': {},
  'etcd v3.6.16': {},
};

/** The pinned SHA-256 of an official file of a component, or null where none is known. */
export function pinnedSum(component: string, version: string, arch: string, file: string): string | null {
  return (PINS as Readonly<Record<string, Files>>)[`${component} ${version}`]?.[`${arch}/${file}`] ?? null;
}
