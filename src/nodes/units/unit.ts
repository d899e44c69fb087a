/**
 * Units of a node run as root and unconfined: they make namespaces, mounts and control groups for others. (kube-proxy, which does
 * not, is bounded in its own file.) Restarted half a second after they ended for whatever reason, without systemd giving up.
 */
export interface NodeUnit {
  readonly description: string;
  readonly type: 'notify' | 'exec' | 'oneshot';
  /** Units without which it does not work, and after which it starts. */
  readonly requires?: readonly string[];
  readonly after?: readonly string[];
  readonly command: string;
  /** Further lines of the section [Service]. */
  readonly service?: readonly string[];
}

/**
 * A dead connection to the API is noticed after 5 + 3 s, not after 45: connection tracking may hold it on a master that had the
 * address before and is gone (read by client-go, k8s.io/apimachinery/pkg/util/net/http.go).
 */
export const quickToNotice = [
  'Environment=HTTP2_READ_IDLE_TIMEOUT_SECONDS=5',
  'Environment=HTTP2_PING_TIMEOUT_SECONDS=3',
];

export function nodeUnitFile(options: NodeUnit): string {
  const { requires = [], after = [] } = options;
  const once = options.type === 'oneshot';
  return [
    '[Unit]',
    `Description=${options.description}`,
    'Wants=network-online.target',
    `After=${['network-online.target', ...requires, ...after].join(' ')}`,
    ...(requires.length > 0 ? [`Requires=${requires.join(' ')}`] : []),
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    `Type=${options.type}`,
    `ExecStart=${options.command}`,
    ...(options.service ?? []),
    ...(once
      ? ['RemainAfterExit=yes']
      : ['Restart=always', 'RestartSec=500ms', 'LimitNOFILE=1048576', 'TasksMax=infinity']),
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}
