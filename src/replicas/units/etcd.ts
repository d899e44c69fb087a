import { peerUrl } from '../../etcd/peer-url.ts';
import { configPath, paths, pkiPath } from '../paths.ts';
import { users } from '../provision/users.ts';
import { GRACE_SECONDS } from '../settings/before-etcd-stops.ts';
import { unit } from './names.ts';
import { commandLine, type Flags, unitFile } from './unit.ts';

/** Twice the default: the limit that Kubernetes' own GCE masters had. etcd refuses writes beyond it. */
export const QUOTA_BYTES = 4 * 1024 ** 3;

export interface EtcdUnit {
  readonly program: string;
  /** What the user adds. */
  readonly extra?: Flags;
  readonly name: string;
  readonly internalIp: string;
  /** Of the cluster: members of two clusters never take each other for their own. */
  readonly uid: string;
  /** The API server's: etcd waits for that. */
  readonly shutdownDelaySeconds: number;
}

export const ETCD_CLIENT_URL = 'https://127.0.0.1:2379';

/** `etcd.service`. With whom it joins is not in here but in `etcd-membership.env`. */
export function etcdUnit(options: EtcdUnit): string {
  const peer = peerUrl(options.internalIp);
  return unitFile({
    description: 'etcd, one member',
    after: [],
    type: 'notify',
    user: users.etcd,
    stopSeconds: options.shutdownDelaySeconds + GRACE_SECONDS + 20,
    service: [
      `EnvironmentFile=${paths.etcdMembership}`,
      // /var/lib/haup/etcd, made if it is missing, readable by etcd alone.
      'StateDirectory=haup/etcd',
      'StateDirectoryMode=0700',
      // Heartbeats come before everything else when the processor is short: a late one is an election.
      'Nice=-5',
      // The API server goes before it, and comes back with it if it is to run at all.
      `ExecStop=-+/bin/sh ${configPath('before-etcd-stops.sh')}`,
      `ExecStartPost=-+/bin/sh -c 'systemctl is-enabled -q ${unit.apiServer} && systemctl start --no-block ${unit.apiServer}'`,
    ],
    command: commandLine(options.program, {
      name: options.name,
      'data-dir': paths.etcdData,

      // Peers: between masters only, on the private network, each side proven by a certificate that names its address.
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'peer-client-cert-auth': true,
      'peer-trusted-ca-file': pkiPath('etcd/ca.crt'),
      'peer-cert-file': pkiPath('etcd/peer.crt'),
      'peer-key-file': pkiPath('etcd/peer.key'),

      // Clients: this machine's API server, and haup through SSH. Nobody reaches it over the network.
      'listen-client-urls': ETCD_CLIENT_URL,
      'advertise-client-urls': ETCD_CLIENT_URL,
      'client-cert-auth': true,
      'trusted-ca-file': pkiPath('etcd/ca.crt'),
      'cert-file': pkiPath('etcd/server.crt'),
      'key-file': pkiPath('etcd/server.key'),
      // All its clients and peers are of this release.
      'tls-min-version': 'TLS1.3',

      // Goes into the cluster's and the members' ids.
      'initial-cluster-token': options.uid,
      // Never a change of membership that would lose the quorum.
      'strict-reconfig-check': true,

      'quota-backend-bytes': QUOTA_BYTES,
      // No auto-compaction: the API server compacts every five minutes and must be the only one to do so.

      // Read by people, in `journalctl` and in haup's errors.
      'log-format': 'console',

      // A member whose data differs from its peers' does not join them (etcd's own advice since 3.5.3).
      'feature-gates': 'InitialCorruptCheck=true',
      // Lets API servers answer consistent reads from their watch caches without waiting for the next write.
      'watch-progress-notify-interval': '5s',
      // All newcomers of 1→3 catch up before any is promoted.
      'max-learners': 2,
      ...options.extra,
    }),
  });
}
