import { execFileSync } from 'node:child_process';
import { lchownSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cachedBinaries, cacheFolder } from '../../src/artifacts/cache.ts';
import { hostArchitecture } from '../../src/artifacts/sources.ts';
import { BALANCER_IP } from '../../src/providers/local/address/addresses.ts';
import { CHECKED, haproxyConfig } from '../../src/providers/local/balancer/config.ts';
import { ensureImage } from '../../src/providers/local/image/ensure.ts';
import { SHIFTED } from '../../src/providers/local/machine/uids.ts';
import { clusterKey, machineFolder } from '../../src/providers/local/paths.ts';
import { haup, removeCluster, status } from '../../test/e2e/support/haup.ts';
import { caOf, specOf } from './store.ts';

const SEED = '/var/lib/haup-bench/seed';
const CLUSTER = 'bench-seed';
const UNITS = ['etcd', 'kube-apiserver', 'kubernetes-endpoints', 'kube-controller-manager', 'kube-scheduler'];

/** Ready-made disks of a cluster of three, without etcd's data, made by haup itself. Returns their folder. Not timed. */
export async function makeSeed(): Promise<string> {
  removeSeedDisks();
  await removeCluster(CLUSTER);
  await haup('create', '-c', CLUSTER, '--multizone', '--zones', 'local-a,local-b,local-c');
  const { replicas, apiAddress } = await status(CLUSTER);
  const spec = specOf(CLUSTER);
  mkdirSync(SEED, { recursive: true, mode: 0o700 });
  put('api', apiAddress!.ip);
  put('ca.crt', caOf(CLUSTER));
  put('image', await ensureImage({ cacheFolder: cacheFolder(process.env), environment: process.env }));
  put('binaries', cachedBinaries(cacheFolder(process.env), { ...spec, arch: hostArchitecture() }));
  const ipOf = (name: string) => replicas.find((replica) => replica.name === name)!.internalIp!;
  mkdirSync(join(SEED, 'lb'));
  put('lb/ip', BALANCER_IP);
  const servers = spec.replicas.map(({ name }) => ({ name, ip: ipOf(name) }));
  put('haproxy.cfg', balancerConfig(spec.apiPort, servers));
  for (const [index, { name }] of spec.replicas.entries()) {
    const number = String(index + 1);
    await haup('fault', '-c', CLUSTER, 'power-off', name);
    mkdirSync(join(SEED, number));
    put(join(number, 'name'), name);
    put(join(number, 'ip'), ipOf(name));
    const upper = join(SEED, number, 'upper');
    execFileSync('cp', ['-a', join(machineFolder(clusterKey(spec), name), 'disk/upper'), upper]);
    unshift(upper);
    forget(upper, index > 0);
  }
  await removeCluster(CLUSTER);
  return SEED;
}

/** haup's own, with the targets in it from the start; it has the API address itself, and says when all three are healthy. */
function balancerConfig(port: number, servers: Parameters<typeof haproxyConfig>[2]): string {
  const config = haproxyConfig(port, join(SEED, 'haproxy.sock'), servers);
  return `${config.replace(`bind ${BALANCER_IP}:`, 'bind :')}
frontend proof
    mode http
    bind 127.0.0.1:8404
    monitor-uri /three
    monitor fail if { nbsrv(${CHECKED}) lt 3 }
`;
}

/**
 * The floor's machines have the host's users: haup's have a range of their own. But for mount points, which belong to the host's root here
 * as well, and which the image's shiftOwners, that moves every file, would move out of all ranges.
 */
function unshift(upper: string): void {
  for (const path of ['', ...readdirSync(upper, { recursive: true, encoding: 'utf8' })]) {
    const file = join(upper, path);
    const { uid, gid } = lstatSync(file);
    const own = (id: number): number => (id >= SHIFTED ? id - SHIFTED : id);
    if (uid >= SHIFTED || gid >= SHIFTED) lchownSync(file, own(uid), own(gid));
  }
}

/** Etcd's data goes; newcomers start nothing by themselves, for they have to be listed first. */
function forget(upper: string, newcomer: boolean): void {
  rmSync(join(upper, 'var/lib/haup/etcd'), { recursive: true, force: true });
  rmSync(join(upper, 'var/lib/haup/etcd-member-id'), { force: true });
  const wants = join(upper, 'etc/systemd/system/multi-user.target.wants');
  if (!newcomer) return;
  for (const name of readdirSync(wants)) {
    if (UNITS.some((unit) => name === `${unit}.service`)) rmSync(join(wants, name));
  }
}

export async function removeSeed(): Promise<void> {
  removeSeedDisks();
  await removeCluster(CLUSTER);
}

function removeSeedDisks(): void {
  rmSync(SEED, { recursive: true, force: true });
}

function put(name: string, content: string): void {
  writeFileSync(join(SEED, name), content);
}
