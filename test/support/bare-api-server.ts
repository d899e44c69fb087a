import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { waitFor } from '../../src/util/wait.ts';
import { masterPrograms, type Programs } from './coredns.ts';
import { freePort } from './free-port.ts';

export interface ApiServer {
  /** The path of a kubeconfig that may do everything. */
  readonly kubeconfig: string;
  /** @returns the status; the body is JSON, or nothing. */
  call(method: string, path: string, body?: object): Promise<number>;
}

/** A real kube-apiserver on loopback, without any controller. */
export async function startApiServer(t: Programs, etcd: string): Promise<ApiServer> {
  const port = await freePort();
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const file = async (name: string, content: string): Promise<string> => {
    await writeFile(join(t.folder, name), content, { mode: 0o600 });
    return join(t.folder, name);
  };
  const key = await file('service-accounts.key', privateKey);
  const flags = {
    'etcd-servers': etcd,
    'secure-port': port,
    'bind-address': '127.0.0.1',
    'cert-dir': join(t.folder, 'api-server'),
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-account-key-file': key,
    'service-account-signing-key-file': key,
    'service-cluster-ip-range': '10.96.0.0/16',
    'authorization-mode': 'AlwaysAllow',
    'token-auth-file': await file('tokens', 'secret,root,root,system:masters\n'),
  };
  t.start(
    join(await masterPrograms(), 'kube-apiserver'),
    Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
  );
  const server = `https://127.0.0.1:${port}`;
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'u', user: { token: 'secret' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  };
  const call: ApiServer['call'] = (method, path, body) =>
    new Promise((resolve, reject) => {
      const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
      const headers = { authorization: 'Bearer secret', 'content-type': type };
      const sent = request(`${server}${path}`, { method, headers, rejectUnauthorized: false }, (response) => {
        text(response).then(() => resolve(response.statusCode ?? 0), reject);
      });
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  await waitFor(async () => ((await call('GET', '/readyz')) === 200 ? true : undefined), {
    ...{ what: 'the API server', timeoutMs: 180_000 },
  });
  return { kubeconfig: await file('kubeconfig', JSON.stringify(kubeconfig)), call };
}
