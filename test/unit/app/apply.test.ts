import { describe, expect, test } from 'vitest';
import { kubeletFaults, readDocument, unknownFaults } from '../../../src/app/apply.ts';
import { documentOf } from '../../../src/cluster/model/document.ts';
import { DocumentFaults } from '../../../src/cluster/model/errors.ts';
import { wished } from '../../../src/cluster/plan/document.ts';
import { converged, specOf } from '../../support/clusters.ts';

const spec = specOf(['m0'], { extraArguments: { apiServer: { v: '2' } } });

function faultsIn(document: unknown): string[] {
  try {
    readDocument(document);
    return [];
  } catch (error) {
    if (!(error instanceof DocumentFaults)) throw error;
    return error.faults.map(({ path }) => path.join('.'));
  }
}

describe('the document of a cluster', () => {
  test('is read as it was shown', () => {
    expect(readDocument(documentOf(spec))).toEqual(documentOf(spec));
  });

  test.each([
    [{ replicas: 3 }, 'replicas'],
    [{ kubernetesVersion: 37 }, 'kubernetesVersion'],
    [{ extraArguments: { kubelet: {} } }, 'extraArguments.kubelet'],
    [{ extraArguments: { apiServer: { '--v': '2' } } }, 'extraArguments.apiServer.--v'],
    [{ extraArguments: { apiServer: { v: 'a\nExecStartPre=x' } } }, 'extraArguments.apiServer.v'],
    [{ extraArguments: { apiServer: { 'bind-address': '::' } } }, 'extraArguments.apiServer.bind-address'],
    [
      { extraArguments: { apiServer: { 'oidc-issuer-url': 'x' } } },
      'extraArguments.apiServer.oidc-issuer-url',
    ],
    [{ extraArguments: { etcd: { 'data-dir': '/x' } } }, 'extraArguments.etcd.data-dir'],
    [{ extraArguments: { etcd: { 'wal-dir': '/x' } } }, 'extraArguments.etcd.wal-dir'],
    [{ extraArguments: { apiServer: { 'etcd-prefix': '/x' } } }, 'extraArguments.apiServer.etcd-prefix'],
    [{ authentication: { jwt: [{ issuer: { url: 'http://x' } }] } }, 'authentication.jwt.0.issuer.url'],
    [{ auditPolicy: { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [] } }, 'auditPolicy.rules'],
    [{ admission: { plugins: [{ name: 'PodSecurity', path: '/x' }] } }, 'admission.plugins.0.path'],
    [{ proxy: { https: 'http://me:word@proxy:3128' } }, 'proxy.https'],
    [{ featureGates: { apiServer: { Some: 'yes' } } }, 'featureGates.apiServer.Some'],
    [
      { nodes: { labels: { 'node-role.kubernetes.io/worker': '' } } },
      'nodes.labels.node-role.kubernetes.io/worker',
    ],
    [{ nodes: { labels: { 'a b': '' } } }, 'nodes.labels.a b'],
    [{ nodes: { labels: { disk: 'a b' } } }, 'nodes.labels.disk'],
    [{ nodes: { taints: [{ key: 'a b', effect: 'NoSchedule' }] } }, 'nodes.taints.0.key'],
    [{ nodes: { taints: [{ key: 'a', value: 'a b', effect: 'NoSchedule' }] } }, 'nodes.taints.0.value'],
    ['no map', ''],
  ])('says what is wrong with %j', (document, where) => {
    expect(faultsIn(document)).toContain(where);
  });

  test('says what is wrong with a name, and takes those that a node may give itself', () => {
    const labels = {
      'node-role.kubernetes.io/worker': '',
      'node.kubernetes.io/pool': 'a',
      'example.com/disk': 'ssd',
    };
    expect(() => readDocument({ nodes: { labels } })).toThrow(
      /^nodes\.labels\.node-role\.kubernetes\.io\/worker: must be a label that a node may give itself/,
    );
    const { 'node-role.kubernetes.io/worker': _, ...own } = labels;
    expect(readDocument({ nodes: { labels: own } })).toEqual({ nodes: { labels: own } });
  });

  test('says all that is wrong at once', () => {
    const document = {
      kubernetesVersion: 37,
      extraArguments: { apiServer: { 'etcd-servers': 'x' }, scheduler: { kubeconfig: 'x' } },
      nodez: {},
    };
    expect(faultsIn(document).sort()).toEqual([
      'extraArguments.apiServer.etcd-servers',
      'extraArguments.scheduler.kubeconfig',
      'kubernetesVersion',
      'nodez',
    ]);
  });
});

test('arguments and gates that the installed programs do not know are all named', () => {
  const none = { flags: new Set<string>(), gates: new Set<string>() };
  const known = {
    ...{ controllerManager: none, scheduler: none, etcd: none },
    apiServer: { flags: new Set(['v']), gates: new Set(['Known']) },
  };
  const faults = unknownFaults(known, {
    extraArguments: { apiServer: { v: '1', w: '2' }, etcd: { x: '1' } },
    featureGates: { apiServer: { Known: true, Unknown: true }, scheduler: { Known: false } },
  });
  expect(faults.map(({ path }) => path.join('.'))).toEqual([
    'extraArguments.apiServer.w',
    'featureGates.apiServer.Unknown',
    'featureGates.scheduler.Known',
    'extraArguments.etcd.x',
  ]);
});

test('more nodes and another version of Kubernetes are two changes: kubelets would be newer than API servers', () => {
  const names = { replica: () => 'm9', node: () => 'n9' };
  const faults = (document: object) =>
    kubeletFaults(spec, wished(spec, converged(spec), document, names)).map(({ path }) => path.join('.'));
  const [kubernetesVersion, zones] = ['v1.37.9', { 'local-a': 1 }];
  expect(faults({ kubernetesVersion, nodes: { zones } })).toEqual(['nodes.zones']);
  expect(faults({ kubernetesVersion, nodes: { zones: {} } })).toEqual([]);
  expect(faults({ nodes: { zones } })).toEqual([]);
});
