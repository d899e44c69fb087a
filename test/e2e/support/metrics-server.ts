import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { imageArchive, imageLayer } from '../../../src/artifacts/images/layout.ts';
import { hostArchitecture } from '../../../src/artifacts/sources.ts';
import { builtOnce, isBuilt, testCache } from '../../support/built-once.ts';
import { goProgram } from '../../support/go-program.ts';

/** What `kubectl top` asks, from its Go module. */
const VERSION = 'v0.9.0';
const IMAGE = `haup.local/metrics-server:${VERSION}`;
const name = 'metrics-server';
const namespace = 'kube-system';

const ARCHIVE = `${name}-${VERSION}-image`;

/** Only tests need it, and to compile it takes minutes: whoever has it not may go without. */
export function hasMetricsServer(): Promise<boolean> {
  return isBuilt(ARCHIVE);
}

/** Its image, into the cache of tests. */
export async function buildMetricsServer(): Promise<void> {
  await builtOnce(ARCHIVE, async (folder) => {
    const content = await readFile(await goProgram(`sigs.k8s.io/metrics-server/cmd/${name}`, VERSION));
    const archive = imageArchive({
      name: IMAGE,
      architecture: hostArchitecture(),
      layers: [imageLayer([{ path: `/${name}`, content, mode: 0o755 }])],
      entrypoint: [`/${name}`],
      user: '65532:65532',
    });
    await writeFile(join(folder, 'archive.tar'), archive);
  });
}

/** An archive of its image, where {@link hasMetricsServer} says so. */
export function metricsServerImage(): Promise<Buffer> {
  return readFile(join(testCache(ARCHIVE), 'archive.tar'));
}

type Manifest = Readonly<Record<string, unknown>> & { readonly metadata: { readonly name: string } };

/**
 * The manifests of its release in short, by the paths that they are posted to. It believes kubelets by the root `kubeletsPem`, and runs on
 * `nodeName`, which has its image.
 */
export function metricsServer(kubeletsPem: string, nodeName: string): (readonly [path: string, Manifest])[] {
  const metadata = { name, namespace };
  const labels = { 'k8s-app': name };
  const account = [{ kind: 'ServiceAccount', ...metadata }];
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  const bound = (kind: string, role: string) => ({
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: role },
    subjects: account,
  });
  const core = `/api/v1/namespaces/${namespace}`;
  return [
    [`${core}/serviceaccounts`, { metadata }],
    [`${core}/configmaps`, { metadata, data: { 'ca.crt': kubeletsPem } }],
    [
      `${rbac}/clusterroles`,
      {
        metadata: { name },
        rules: [
          { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
          { apiGroups: [''], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] },
        ],
      },
    ],
    [`${rbac}/clusterrolebindings`, { metadata: { name }, ...bound('ClusterRole', name) }],
    [
      `${rbac}/clusterrolebindings`,
      { metadata: { name: `${name}-delegator` }, ...bound('ClusterRole', 'system:auth-delegator') },
    ],
    [
      `${rbac}/namespaces/${namespace}/rolebindings`,
      { metadata, ...bound('Role', 'extension-apiserver-authentication-reader') },
    ],
    [`${core}/services`, { metadata, spec: { selector: labels, ports: [{ port: 443, targetPort: 10250 }] } }],
    [
      `/apis/apps/v1/namespaces/${namespace}/deployments`,
      {
        metadata,
        spec: {
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              ...{ serviceAccountName: name, nodeName },
              containers: [
                {
                  name,
                  image: IMAGE,
                  args: [
                    ...[
                      '--secure-port=10250',
                      '--cert-dir=/tmp',
                      '--metric-resolution=10s',
                      '--kubelet-request-timeout=5s',
                    ],
                    ...[
                      '--kubelet-preferred-address-types=InternalIP',
                      '--kubelet-certificate-authority=/ca/ca.crt',
                    ],
                  ],
                  volumeMounts: [
                    { name: 'ca', mountPath: '/ca' },
                    { name: 'tmp', mountPath: '/tmp' },
                  ],
                },
              ],
              volumes: [
                { name: 'ca', configMap: { name } },
                { name: 'tmp', emptyDir: {} },
              ],
            },
          },
        },
      },
    ],
    [
      '/apis/apiregistration.k8s.io/v1/apiservices',
      {
        metadata: { name: 'v1beta1.metrics.k8s.io' },
        spec: {
          ...{ service: { name, namespace }, group: 'metrics.k8s.io', version: 'v1beta1' },
          ...{ insecureSkipTLSVerify: true, groupPriorityMinimum: 100, versionPriority: 100 },
        },
      },
    ],
  ];
}
