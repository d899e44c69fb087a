import type { WayOut } from '../config.ts';

/**
 * Command line flags without their dashes: true is written `--flag=true`. Every flag that the units use exists, and means
 * the same, in Kubernetes 1.34 to 1.37 and etcd 3.6 and 3.7 (read in the sources of the first, run with the oldest and the newest);
 * the first one that differs gets a table by version here.
 */
export type Flags = Readonly<Record<string, string | number | boolean>>;

export interface UnitOptions {
  readonly description: string;
  /** Units that, if they are to start too, start first. */
  readonly after: readonly string[];
  /** `notify`: the program itself says when it serves. */
  readonly type: 'notify' | 'exec';
  readonly user: string;
  /** See {@link commandLine}. */
  readonly command: string;
  /** How long it may take to stop before it is killed, seconds. */
  readonly stopSeconds: number;
  /** Further lines of the section [Service]. */
  readonly service?: readonly string[];
  /** Further lines of the section [Unit]. */
  readonly unit?: readonly string[];
  /** What starts it once it is enabled; default: the machine's start. */
  readonly wantedBy?: string;
  /** By which it reaches what is outside; absent: by none. */
  readonly proxy?: WayOut;
  /** Linux capabilities that the program keeps; it has no others. */
  readonly capabilities?: readonly string[];
}

/**
 * Costs nothing at run time and bounds what a captured component can do to the machine: no privileges to gain, nothing
 * to write but its own data and log folders, no devices, no kernel settings, no other namespaces.
 */
export const sandbox = [
  'NoNewPrivileges=yes',
  'ProtectSystem=strict',
  'ProtectHome=yes',
  'PrivateTmp=yes',
  'PrivateDevices=yes',
  'ProtectClock=yes',
  'ProtectControlGroups=yes',
  'ProtectKernelLogs=yes',
  'ProtectKernelModules=yes',
  'ProtectKernelTunables=yes',
  'LockPersonality=yes',
  'RestrictNamespaces=yes',
  'RestrictRealtime=yes',
  'RestrictSUIDSGID=yes',
  'RestrictAddressFamilies=AF_INET AF_INET6 AF_NETLINK AF_UNIX',
  'SystemCallArchitectures=native',
  'UMask=0077',
];

const proxyVariables = ['http', 'https', 'all', 'no'].flatMap((kind) => [
  `${kind}_proxy`,
  `${kind.toUpperCase()}_PROXY`,
]);

/** A line for who talks to the cluster's own machines only, whatever a machine's own environment says of a proxy. */
export const withoutProxies = `UnsetEnvironment=${proxyVariables.join(' ')}`;

/** Nodes, pods, Services and other masters: never by a proxy. */
const DIRECTLY = [
  ...['localhost', '127.0.0.0/8', '169.254.0.0/16', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  ...['100.64.0.0/10', '198.18.0.0/15', '.svc', '.cluster.local'],
];

function proxyLines({ http, https, no = [] }: WayOut): string[] {
  const set = {
    ...(http === undefined ? {} : { HTTP_PROXY: http }),
    ...(https === undefined ? {} : { HTTPS_PROXY: https }),
    NO_PROXY: [...DIRECTLY, ...no].join(','),
  };
  // systemd unsets after it has set.
  const others = proxyVariables.filter((name) => !(name in set));
  const lines = Object.entries(set).map(([name, value]) => `Environment=${word(`${name}=${value}`)}`);
  return [...lines, `UnsetEnvironment=${others.join(' ')}`];
}

/**
 * A unit that runs for as long as it is enabled: restarted half a second after it ended for whatever reason, without
 * systemd ever giving up on it (a member that waits for its quorum may end many times).
 */
export function unitFile(options: UnitOptions): string {
  const capabilities = (options.capabilities ?? []).join(' ');
  return [
    '[Unit]',
    `Description=${options.description}`,
    'Wants=network-online.target',
    `After=${['network-online.target', ...options.after].join(' ')}`,
    'StartLimitIntervalSec=0',
    ...(options.unit ?? []),
    '',
    '[Service]',
    `Type=${options.type}`,
    `User=${options.user}`,
    `ExecStart=${options.command}`,
    ...(options.service ?? []),
    'Restart=always',
    'RestartSec=500ms',
    // A start that waits for a quorum is no failure; whoever asked for it has a time limit of their own.
    'TimeoutStartSec=infinity',
    `TimeoutStopSec=${options.stopSeconds}`,
    // The default, 1,024, is a hundred watches away.
    'LimitNOFILE=1048576',
    'OOMScoreAdjust=-900',
    `CapabilityBoundingSet=${capabilities}`,
    ...(capabilities ? [`AmbientCapabilities=${capabilities}`] : []),
    ...(options.proxy ? proxyLines(options.proxy) : [withoutProxies]),
    ...sandbox,
    '',
    '[Install]',
    `WantedBy=${options.wantedBy ?? 'multi-user.target'}`,
    '',
  ].join('\n');
}

/** A program and its flags, one a line. */
export function commandLine(program: string, flags: Flags): string {
  const words = Object.entries(flags).map(([flag, value]) => word(`--${flag}=${value}`));
  return [word(program), ...words].join(' \\\n  ');
}

/** One word as systemd reads it: `%` begins a specifier, `$` a variable, and the rest is quoted where it must be. */
function word(text: string): string {
  if (/[\n\0]/.test(text)) throw new Error('a unit cannot hold this value');
  const escaped = text.replaceAll('%', '%%').replaceAll('$', '$$$$');
  if (/^[\w@%+=:,.*/$-]+$/.test(escaped)) return escaped;
  return `"${escaped.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
