import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fabricNamespace } from '../../../src/providers/local/names.ts';
import { clusterKey } from '../../../src/providers/local/paths.ts';
import type { ClusterIdentity, Machine, Provider } from '../../../src/providers/provider.ts';
import { exec, tryExec } from '../../../src/util/exec.ts';
import { openFor, ownName, removeAbandoned, removeAll } from './abandoned.ts';
import { LocalNetwork } from './local-network.ts';
import type { MachineSpec, Realizer, Route } from './realizer.ts';

/** Host numbers of the /24 of a local cluster that its provider uses for nothing. */
const FREE_HOSTS = [...range(3, 9), ...range(11, 19), ...range(251, 253)];
const MIRROR = { host: 254, port: 8080 };

export interface LocalMachinesOptions {
  /** Begins the name of the local cluster that the machines are in: at most 12 characters. */
  readonly prefix: string;
  readonly apiPort: number;
  /** The folder of one release's binaries. */
  readonly binariesFolder: string;
  /** The folder of what nodes run, for the mirror. */
  readonly nodeBinariesFolder?: string;
  /**
   * `shown`: the machines have the folder read-only at /opt/haup/bin. `mirrored`: they have nothing there, and download
   * from {@link LocalMachines.mirror}, as a cloud's machines do.
   */
  readonly binaries?: 'shown' | 'mirrored';
  /** Whether the cloud runs the script at every boot (GCE) or at the first only (cloud-init). */
  readonly scriptRuns: 'every-boot' | 'first-boot';
}

/**
 * Real machines: those of one cluster of the local provider, whose network carries the test cloud's public addresses
 * too. Needs root. The host reaches the machines at those addresses, as an operator reaches a cloud's.
 */
export async function localMachines(options: LocalMachinesOptions): Promise<LocalMachines> {
  await removeAbandoned(options.prefix);
  const cluster: ClusterIdentity = {
    name: ownName(options.prefix),
    uid: randomBytes(8).toString('hex'),
    region: 'local',
    zone: 'local-a',
    apiPort: options.apiPort,
  };
  const provider = openFor(cluster, options.binariesFolder);
  await provider.preflight();
  await provider.network.ensure();
  const { ip } = await provider.address.reserve();
  const machines = new LocalMachines(provider, cluster, ip.replace(/\d+$/, ''), options);
  const { binariesFolder, nodeBinariesFolder } = options;
  if (options.binaries === 'mirrored')
    await machines.startMirror([binariesFolder, ...(nodeBinariesFolder ? [nodeBinariesFolder] : [])]);
  return machines;
}

const MIRROR_PROGRAM = new URL('./mirror-program.mjs', import.meta.url).pathname;

export class LocalMachines implements Realizer {
  readonly provider: Provider;
  readonly cluster: ClusterIdentity;
  readonly #network: LocalNetwork;
  readonly #namespace: string;
  readonly #options: LocalMachinesOptions;
  #mirror: ChildProcess | undefined;
  readonly #mirrorAddress: string;
  readonly #free: string[];
  readonly #machines = new Map<string, { readonly name: string; readonly internalIp: string }>();

  constructor(provider: Provider, cluster: ClusterIdentity, base: string, options: LocalMachinesOptions) {
    this.provider = provider;
    this.cluster = cluster;
    this.#options = options;
    this.#namespace = fabricNamespace(clusterKey(cluster));
    this.#network = new LocalNetwork(this.#namespace);
    this.#mirrorAddress = `${base}${MIRROR.host}`;
    this.#free = FREE_HOSTS.map((host) => `${base}${host}`);
  }

  allocateAddress(): string {
    const ip = this.#free.shift();
    if (!ip) throw new Error('all public addresses of the test cloud are in use');
    return ip;
  }

  freeAddress(ip: string): void {
    if (!this.#free.includes(ip)) this.#free.push(ip);
  }

  async create({ id, name, role, zone }: MachineSpec, bootScript: string | null) {
    const machine = await this.provider.machines.create({
      name,
      zone: `local-${zone.slice(-1)}`,
      role,
      bootScript: this.#script(bootScript ?? '#!/bin/sh\n'),
      requestToken: id,
    });
    this.#machines.set(id, { name, internalIp: machine.internalIp });
    return { internalIp: machine.internalIp };
  }

  /** For HAUP_MIRROR, which the operator's host and every machine reach; it is on plain http. */
  get mirror(): string {
    return `http://${this.#mirrorAddress}:${MIRROR.port}`;
  }

  async startMirror(folders: readonly string[]): Promise<void> {
    const inside = ['netns', 'exec', this.#namespace];
    await exec('ip', ['-n', this.#namespace, 'address', 'replace', `${this.#mirrorAddress}/32`, 'dev', 'lo']);
    const args = [
      ...inside,
      process.execPath,
      MIRROR_PROGRAM,
      this.#mirrorAddress,
      String(MIRROR.port),
      ...folders,
    ];
    const mirror = spawn('ip', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#mirror = mirror;
    await once(mirror.stdout, 'data');
  }

  #script(script: string): string {
    const runs = this.#options.scriptRuns === 'every-boot' ? everyBoot(script) : script;
    return this.#mirror ? `${NOTHING_SHOWN}${runs.replace(/^#!.*\n/, '')}` : runs;
  }

  async start(id: string): Promise<void> {
    await this.provider.machines.start(this.#get(id).name);
  }

  async stop(id: string): Promise<void> {
    await this.provider.fault?.('power-off', this.#get(id).name);
  }

  async delete(id: string): Promise<void> {
    const machine = this.#machines.get(id);
    if (machine) await this.provider.machines.delete(machine.name);
    this.#machines.delete(id);
  }

  async running(id: string): Promise<boolean> {
    return (await this.local(id))?.state === 'running';
  }

  /** Asked from the fabric, as a cloud's health checker asks from the cloud's network. */
  async probe(id: string, port: number, path: string): Promise<boolean> {
    const machine = this.#machines.get(id);
    if (!machine) return false;
    const url = `https://${machine.internalIp}:${port}${path}`;
    const { stdout } = await tryExec('ip', [
      ...['netns', 'exec', this.#namespace],
      ...[
        'curl',
        '--silent',
        '--insecure',
        '--max-time',
        '2',
        '--output',
        '/dev/null',
        '--write-out',
        '%{http_code}',
        url,
      ],
    ]);
    return stdout === '200';
  }

  async route(ip: string, to: Route | null): Promise<void> {
    const ids = to === null ? [] : to.kind === 'machine' ? [to.id] : to.ids;
    const targets = ids.flatMap((id) => this.#machines.get(id)?.internalIp ?? []);
    await this.#network.send(ip, to, targets);
  }

  async routePods(destination: string, id: string | null): Promise<void> {
    const { routes } = this.provider.network;
    if (id === null) await routes.delete(destination);
    else await routes.ensure({ destination, machine: this.#get(id).name });
  }

  machines(): readonly string[] {
    return [...this.#machines.keys()];
  }

  async close(): Promise<void> {
    this.#mirror?.kill();
    await removeAll(this.provider);
  }

  /** The local provider's view of a machine; undefined when it has none. */
  async local(id: string): Promise<Machine | undefined> {
    const name = this.#machines.get(id)?.name;
    return (await this.provider.machines.list()).find((machine) => machine.name === name);
  }

  #get(id: string): { readonly name: string; readonly internalIp: string } {
    const machine = this.#machines.get(id);
    if (!machine) throw new Error(`no machine ${id}`);
    return machine;
  }
}

/**
 * Hides, now and at every boot before anything else, what the local provider shows of the operator's binaries: a folder of the machine's
 * own disk lies over it. It cannot be unmounted, because it was mounted from outside of the machine's user namespace.
 */
const NOTHING_SHOWN = `#!/bin/sh
cat > /etc/systemd/system/no-binaries.service <<'EOT'
[Unit]
DefaultDependencies=no
Before=sysinit.target
[Service]
Type=oneshot
ExecStart=/bin/mount --bind /var/lib/own-binaries /opt/haup/bin
[Install]
WantedBy=sysinit.target
EOT
systemctl enable --quiet no-binaries.service
mkdir -p /var/lib/own-binaries
mount --bind /var/lib/own-binaries /opt/haup/bin
`;

/** What Google's guest agent does with `startup-script`: runs it at the first boot, and at every one after. */
function everyBoot(script: string): string {
  const encoded = Buffer.from(script).toString('base64');
  return `#!/bin/sh
set -e
echo '${encoded}' | base64 -d > /usr/local/sbin/startup-script
chmod 700 /usr/local/sbin/startup-script
cat > /etc/systemd/system/google-startup-scripts.service <<'EOT'
[Unit]
After=network.target
[Service]
Type=oneshot
ExecStart=/usr/local/sbin/startup-script
[Install]
WantedBy=multi-user.target
EOT
systemctl enable google-startup-scripts.service
/usr/local/sbin/startup-script
`;
}

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
