import { describe, expect, test } from 'vitest';
import { readDocument, unknownFaults } from '../../../src/app/apply.ts';
import { documentOf } from '../../../src/cluster/model/document.ts';
import { DocumentFaults } from '../../../src/cluster/model/errors.ts';
import { specOf } from '../../support/clusters.ts';

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
    ['no map', ''],
  ])('says what is wrong with %j', (document, where) => {
    expect(faultsIn(document)).toContain(where);
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
