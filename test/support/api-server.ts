import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Api, openApi } from '../../src/federation/controller/api.ts';
import type { ApiClient } from '../../src/kubernetes/client.ts';
import { createAuthorities } from '../../src/pki/authorities.ts';
import { issueClient, issueServing } from '../../src/pki/issue.ts';
import { GiveUp, waitFor } from '../../src/util/wait.ts';
import { freePort } from './free-port.ts';
import { masterPrograms, type Programs, programs, startEtcd } from './programs.ts';

/** A real API server with its own etcd, two processes of this machine on loopback, and nothing beside it: no controller, no node. */
export interface ApiServer {
  readonly server: string;
  readonly caPem: string;
  /** An administrator's. */
  readonly api: Api;
  /** As that administrator, over a new connection each time. */
  readonly admin: ApiClient;
  /** Of a client of the profile `federation`. */
  readonly federation: { readonly certPem: string; readonly keyPem: string };
  stop(): Promise<void>;
}

export async function startApiServer(name: string): Promise<ApiServer> {
  const t = await programs(`api-${name}`);
  try {
    return await startIn(t, name);
  } catch (error) {
    await t.end();
    throw error;
  }
}

async function startIn(t: Programs, name: string): Promise<ApiServer> {
  const authorities = await createAuthorities(name);
  const identity = {
    ...{ name, internalIp: '127.0.0.1', apiAddress: '127.0.0.1', staticExternalIp: null },
    ...{ balancerDnsName: null, serviceCidr: '10.96.0.0/16', clusterDomain: 'cluster.local' },
  };
  const put = async (file: string, text: string): Promise<string> => {
    await writeFile(join(t.folder, file), text, { mode: 0o600 });
    return join(t.folder, file);
  };
  const serving = await issueServing('apiserver', identity, authorities);
  const port = await freePort();
  const apiserver = t.start(join(await masterPrograms(), 'kube-apiserver'), {
    ...{ 'etcd-servers': await startEtcd(t), 'secure-port': port, 'bind-address': '127.0.0.1' },
    ...{ 'advertise-address': '127.0.0.1', 'endpoint-reconciler-type': 'none' },
    ...{ 'service-cluster-ip-range': identity.serviceCidr, 'authorization-mode': 'RBAC' },
    'client-ca-file': await put('ca.crt', authorities.kubernetes.certPem),
    'tls-cert-file': await put('apiserver.crt', serving.certPem),
    'tls-private-key-file': await put('apiserver.key', serving.keyPem),
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    'service-account-key-file': await put('sa.pub', authorities.serviceAccount.publicKeyPem),
    'service-account-signing-key-file': await put('sa.key', authorities.serviceAccount.privateKeyPem),
    'service-account-max-token-expiration': '2592000s',
    'disable-admission-plugins': 'ServiceAccount',
    'default-watch-cache-size': 20,
  });
  const server = `https://127.0.0.1:${port}`;
  const caPem = authorities.kubernetes.certPem;
  const { certPem, keyPem } = await issueClient('admin', authorities);
  const api = openApi({ server, caPem, certPem, keyPem });
  const ready = async (): Promise<true> => {
    if (apiserver.exitCode !== null)
      throw new GiveUp(new Error(`the API server ${name} has ended; HAUP_TEST_LOUD=1 shows why`));
    await api.text('/readyz', { timeoutMs: 2_000 });
    return true;
  };
  await waitFor(ready, { what: `the API server ${name}`, timeoutMs: 120_000 });
  return {
    ...{ server, caPem, api, admin: { ip: '127.0.0.1', port, caPem, certPem, keyPem } },
    federation: await issueClient('federation', authorities),
    async stop() {
      api.close();
      await t.end();
    },
  };
}
