import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cachedBinaries, cacheFolder } from '../../src/artifacts/cache.ts';
import { ensureBinaries } from '../../src/artifacts/ensure.ts';
import { hostArchitecture } from '../../src/artifacts/sources.ts';
import { DEFAULT_KUBERNETES_VERSION, defaultEtcdVersion } from '../../src/artifacts/versions.ts';
import { type Api, openApi } from '../../src/federation/controller/api.ts';
import { createAuthorities } from '../../src/pki/authorities.ts';
import { issueClient, issueServing } from '../../src/pki/issue.ts';
import { waitFor } from '../../src/util/wait.ts';
import { freePort } from './free-port.ts';

/** A real API server with its own etcd, two processes of this machine on loopback, and nothing beside it: no controller, no node. */
export interface ApiServer {
  readonly server: string;
  readonly caPem: string;
  /** An administrator's. */
  readonly api: Api;
  /** What stands in its folder, for a client of the profile `federation`. */
  readonly folder: string;
  stop(): Promise<void>;
}

export async function startApiServer(name: string): Promise<ApiServer> {
  const kubernetesVersion = DEFAULT_KUBERNETES_VERSION;
  const etcdVersion = defaultEtcdVersion(kubernetesVersion);
  await ensureBinaries({ environment: process.env, kubernetesVersion, etcdVersion });
  const arch = hostArchitecture();
  const programs = cachedBinaries(cacheFolder(process.env), { kubernetesVersion, etcdVersion, arch });
  const folder = mkdtempSync(join(tmpdir(), `haup-api-${name}-`));
  const authorities = await createAuthorities(name);
  const loopback = { name, internalIp: '127.0.0.1', apiAddress: '127.0.0.1' };
  const identity = {
    ...{ ...loopback, staticExternalIp: null, balancerDnsName: null },
    ...{ serviceCidr: '10.96.0.0/16', clusterDomain: 'cluster.local' },
  };
  const put = (file: string, text: string): string => {
    const path = join(folder, file);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const serving = await issueServing('apiserver', identity, authorities);
  const admin = await issueClient('admin', authorities);
  const files = {
    ca: put('ca.crt', authorities.kubernetes.certPem),
    cert: put('apiserver.crt', serving.certPem),
    key: put('apiserver.key', serving.keyPem),
    saKey: put('sa.key', authorities.serviceAccount.privateKeyPem),
    saPub: put('sa.pub', authorities.serviceAccount.publicKeyPem),
  };
  const federation = await issueClient('federation', authorities);
  put('federation.crt', federation.certPem);
  put('federation.key', federation.keyPem);
  const [port, etcdPort, peerPort] = [await freePort(), await freePort(), await freePort()];
  const log = openSync(join(folder, 'log'), 'a');
  const run = (program: string, flags: Record<string, string | number>): ChildProcess =>
    spawn(
      join(programs, program),
      Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`),
      { stdio: ['ignore', log, log] },
    );
  mkdirSync(join(folder, 'etcd'), { mode: 0o700 });
  const peer = `http://127.0.0.1:${peerPort}`;
  const client = `http://127.0.0.1:${etcdPort}`;
  const etcd = run('etcd', {
    ...{ name, 'data-dir': join(folder, 'etcd'), 'unsafe-no-fsync': 'true' },
    ...{ 'listen-client-urls': client, 'advertise-client-urls': client },
    ...{
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `${name}=${peer}`,
    },
  });
  const apiserver = run('kube-apiserver', {
    ...{ 'etcd-servers': client, 'secure-port': port, 'bind-address': '127.0.0.1' },
    ...{ 'advertise-address': '127.0.0.1', 'endpoint-reconciler-type': 'none' },
    ...{ 'service-cluster-ip-range': identity.serviceCidr, 'authorization-mode': 'RBAC' },
    ...{ 'client-ca-file': files.ca, 'tls-cert-file': files.cert, 'tls-private-key-file': files.key },
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    ...{ 'service-account-key-file': files.saPub, 'service-account-signing-key-file': files.saKey },
    'service-account-max-token-expiration': '2592000s',
    'disable-admission-plugins': 'ServiceAccount',
    'default-watch-cache-size': 20,
  });
  const processes = [apiserver, etcd];
  const server = `https://127.0.0.1:${port}`;
  const caPem = authorities.kubernetes.certPem;
  const api = openApi({ server, caPem, ...admin });
  const ready = async (): Promise<true> => {
    if (apiserver.exitCode !== null) throw new Error(`the API server has ended; see ${folder}/log`);
    await api.text('/readyz', { timeoutMs: 2_000 });
    return true;
  };
  await waitFor(ready, { what: `the API server ${name}`, timeoutMs: 120_000 });
  return {
    ...{ server, caPem, api, folder },
    async stop() {
      api.close();
      const ended = processes.map((one) => new Promise((resolve) => one.once('exit', resolve)));
      for (const one of processes) one.kill('SIGKILL');
      await Promise.all(ended);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
