import { randomBytes } from 'node:crypto';
import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../../../src/artifacts/cache.ts';
import { uplinkName } from '../../../src/providers/local/fabric/fabric.ts';
import { cgroupRoot } from '../../../src/providers/local/host/cgroups.ts';
import { parseHierarchies } from '../../../src/providers/local/host/hierarchies.ts';
import { open } from '../../../src/providers/local/index.ts';
import { clusterKey } from '../../../src/providers/local/paths.ts';
import type { ClusterIdentity } from '../../../src/providers/provider.ts';
import { bootScript as letIn } from '../../../src/replicas/provision/boot.ts';
import { connect } from '../../../src/ssh/connect.ts';
import { makeKeyPair } from '../../../src/ssh/keys.ts';
import { exec } from '../../../src/util/exec.ts';
import type { ContractWorld } from './contract-world.ts';
import { get } from './https.ts';

const SERVER = new URL('../programs/ready-server.mjs', import.meta.url).pathname;

/** This Linux machine as a cloud. Clusters are named `lp-…`. Test machines find node where others find Kubernetes. */
export async function localWorld(prefix = 'lp-contract'): Promise<ContractWorld> {
  const folder = await mkdtemp(join(tmpdir(), 'lp-world-'));
  await copyFile(process.execPath, join(folder, 'node'));
  await copyFile(SERVER, join(folder, 'ready-server.mjs'));
  const operator = makeKeyPair('operator');
  const host = makeKeyPair('every test machine');
  const pin = {
    read: async () => ({ current: host.publicKey, seen: false, own: true }),
    save: async () => {},
  };
  return {
    newCluster: (suffix = '') => ({
      name: `${prefix}${suffix}`,
      uid: randomBytes(8).toString('hex'),
      region: 'local',
      zone: 'local-a',
      apiPort: 443,
    }),
    open: (cluster, signal = new AbortController().signal) =>
      open({
        cluster,
        settings: {},
        signal,
        progress: () => {},
        cacheFolder: cacheFolder(process.env),
        binariesFolder: folder,
        environment: process.env,
      }),
    bootScript: async (cluster) =>
      bootScript(
        cluster,
        letIn({ hostKeyPrivate: host.privateKey, operatorPublicKeys: [operator.publicKey] }),
      ),
    run: async ({ name: what, sshHost }, command) => {
      if (!sshHost) throw new Error(`${what} has no sshHost`);
      const target = { what, host: sshHost, privateKey: operator.privateKey, pin };
      const session = await connect(target, { timeoutMs: 30_000 });
      try {
        return await session.run(command);
      } finally {
        session.close();
      }
    },
    get,
    inventory,
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

function bootScript(cluster: ClusterIdentity, lettingIn: string): string {
  return `#!/bin/sh
set -e
date +%s%N >> /root/boot-script-ran
cat > /root/let-in <<'LETIN'
${lettingIn}
LETIN
sh /root/let-in
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$(hostname)" \\
  -keyout /root/key.pem -out /root/cert.pem 2>/dev/null
cat > /etc/systemd/system/ready.service <<EOT
[Service]
ExecStart=/opt/haup/bin/node /opt/haup/bin/ready-server.mjs ${cluster.apiPort} /root/key.pem /root/cert.pem
[Install]
WantedBy=multi-user.target
EOT
systemctl enable --now --no-block ready
`;
}

/** Whatever this host has of a cluster. Namespaces, groups, files and mounts have its uid in their names. */
async function inventory(cluster: ClusterIdentity): Promise<string[]> {
  const uplink = uplinkName(clusterKey(cluster));
  const ours = (text: string) => text.includes(cluster.uid) || text.includes(uplink);
  const names = async (folder: string) => readdir(folder).catch(() => [] as string[]);
  const cgroups = (await cgroupRoot()) ?? '/nowhere';
  const hierarchies = parseHierarchies(await readFile('/proc/self/mounts', 'utf8')).map(({ path }) => path);
  const groups = [cgroups, join(cgroups, 'system.slice'), ...hierarchies].map(names);
  const sources: Readonly<Record<string, readonly string[]>> = {
    namespace: await names('/run/netns'),
    link: await names('/sys/class/net'),
    route: (await exec('ip', ['-4', 'route', 'show', 'table', 'all'])).split('\n'),
    nft: (await exec('nft', ['list', 'ruleset'])).split('\n'),
    mount: (await readFile('/proc/self/mounts', 'utf8')).split('\n'),
    cgroup: (await Promise.all(groups)).flat(),
    state: await names('/var/lib/haup/local'),
    runtime: await names('/run/haup/local'),
    nspawn: await names('/run/systemd/nspawn/propagate'),
    process: await processes(),
  };
  return Object.entries(sources)
    .flatMap(([kind, lines]) => lines.filter(ours).map((line) => `${kind} ${line.trim()}`))
    .sort();
}

/** Command line and control group of every process; not of dead ones that the host's first process has yet to reap. */
async function processes(): Promise<string[]> {
  const read = (file: string) => readFile(file, 'utf8').catch(() => '');
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  return await Promise.all(
    pids.map(async (pid) => {
      if (/^State:\tZ/m.test(await read(`/proc/${pid}/status`))) return '';
      const command = (await read(`/proc/${pid}/cmdline`)).replaceAll('\0', ' ');
      return `${command} ${(await read(`/proc/${pid}/cgroup`)).replaceAll('\n', ' ')}`;
    }),
  );
}
