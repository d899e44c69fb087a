import { type ChildProcess, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { type EtcdClient, etcdClient } from '../../../src/etcd/client.ts';
import type { EtcdMember } from '../../../src/etcd/wire.ts';
import { createAuthorities } from '../../../src/pki/authorities.ts';
import { issueClient, issueServing } from '../../../src/pki/issue.ts';
import { waitFor } from '../../../src/util/wait.ts';

/** Real etcd processes on loopback, with mutual TLS between peers and for clients, as on masters. */
export interface TestCluster {
  /** First of this member's two ports (clients); peers are on the next. */
  clientUrl(name: string): string;
  peerUrl(name: string): string;
  client(name: string): EtcdClient;
  /** The first member, a cluster of one. Resolves when it serves. */
  bootstrap(name: string): Promise<void>;
  /**
   * Starts a member that etcd lists already; resolves when it serves. Never two at once: a joining member asks every
   * listed one for its version before it serves, so two that start together wait for each other for 7 s.
   */
  join(name: string, members: readonly EtcdMember[]): Promise<void>;
  /** Starts it again on its data. */
  restart(name: string): void;
  signal(name: string, signal: NodeJS.Signals): void;
  /** SIGKILL, waited for. */
  kill(name: string): Promise<void>;
  log(name: string): string;
  remove(): Promise<void>;
}

/** The etcd that the artifact cache holds (`$HAUP_CACHE`; scripts/build-binaries makes one without the internet). */
function etcdBinary(): string {
  const cache = join(process.env.HAUP_CACHE ?? '/var/cache/haup', 'binaries');
  const folders = existsSync(cache) ? readdirSync(cache) : [];
  const found = folders.map((folder) => join(cache, folder, 'etcd')).find((file) => existsSync(file));
  if (!found) throw new Error(`no etcd in ${cache}: haup create, or the build script, puts it there`);
  return found;
}

export async function makeCluster(
  ports: { first: number },
  flags: readonly string[] = [],
): Promise<TestCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'haup-etcd-'));
  const authorities = await createAuthorities('test');
  const identity = {
    name: 'loopback',
    internalIp: '127.0.0.1',
    apiAddress: '127.0.0.1',
    staticExternalIp: null,
    balancerDnsName: null,
    serviceCidr: '10.96.0.0/12',
    clusterDomain: 'cluster.local',
  };
  const [server, peer, client] = await Promise.all([
    issueServing('etcd-server', identity, authorities),
    issueServing('etcd-peer', identity, authorities),
    issueClient('etcd-client', authorities),
  ]);
  const file = (name: string) => join(folder, name);
  writeFileSync(file('ca.crt'), authorities.etcd.certPem);
  for (const [name, pair] of Object.entries({ server, peer })) {
    writeFileSync(file(`${name}.crt`), pair.certPem);
    writeFileSync(file(`${name}.key`), pair.keyPem, { mode: 0o600 });
  }

  const names: string[] = [];
  const running = new Map<string, { child: ChildProcess; exited: Promise<void>; args: string[] }>();
  const port = (name: string) => {
    if (!names.includes(name)) names.push(name);
    return ports.first + 2 * names.indexOf(name);
  };
  const peerUrl = (name: string) => `https://127.0.0.1:${port(name) + 1}`;
  const clientUrl = (name: string) => `https://127.0.0.1:${port(name)}`;

  function start(name: string, args: string[]): void {
    const log = openSync(file(`${name}.log`), 'a');
    const child = spawn(etcdBinary(), args, { stdio: ['ignore', log, log] });
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    running.set(name, { child, exited, args });
  }

  function launch(name: string, state: string, initial: string): void {
    mkdirSync(file(name), { mode: 0o700 });
    start(name, [
      `--name=${name}`,
      `--data-dir=${file(name)}`,
      `--listen-client-urls=${clientUrl(name)}`,
      `--advertise-client-urls=${clientUrl(name)}`,
      `--listen-peer-urls=${peerUrl(name)}`,
      `--initial-advertise-peer-urls=${peerUrl(name)}`,
      `--initial-cluster=${initial}`,
      `--initial-cluster-state=${state}`,
      `--cert-file=${file('server.crt')}`,
      `--key-file=${file('server.key')}`,
      `--trusted-ca-file=${file('ca.crt')}`,
      '--client-cert-auth=true',
      `--peer-cert-file=${file('peer.crt')}`,
      `--peer-key-file=${file('peer.key')}`,
      `--peer-trusted-ca-file=${file('ca.crt')}`,
      '--peer-client-cert-auth=true',
      ...flags,
    ]);
  }

  async function serves(name: string): Promise<void> {
    const look = async () => ((await cluster.client(name).status()).leader === '0' ? undefined : true);
    await waitFor(look, { what: `etcd ${name}`, timeoutMs: 120_000, maxIntervalMs: 50 }).catch((error) => {
      throw new Error(`${error.message}\n${cluster.log(name).slice(-2000)}`);
    });
  }

  const cluster: TestCluster = {
    clientUrl,
    peerUrl,
    client: (name) =>
      etcdClient({
        member: name,
        connect: () => connect(port(name)),
        tls: { caPem: authorities.etcd.certPem, ...client },
      }),
    async bootstrap(name) {
      launch(name, 'new', `${name}=${peerUrl(name)}`);
      await serves(name);
    },
    async join(name, members) {
      const initial = members.map(
        (m) => `${m.peerUrls[0] === peerUrl(name) ? name : m.name || m.id}=${m.peerUrls[0]}`,
      );
      launch(name, 'existing', initial.join(','));
      await serves(name);
    },
    restart(name) {
      start(name, running.get(name)!.args);
    },
    signal: (name, signal) => void running.get(name)!.child.kill(signal),
    async kill(name) {
      const member = running.get(name)!;
      member.child.kill('SIGKILL');
      await member.exited;
    },
    log: (name) => readFileSync(file(`${name}.log`), 'utf8'),
    async remove() {
      for (const name of running.keys()) await cluster.kill(name);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return cluster;
}

function connect(port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ host: '127.0.0.1', port, noDelay: true });
    socket.once('error', reject);
    socket.once('connect', () => resolve(socket));
  });
}
