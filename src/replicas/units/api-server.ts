import { dirname } from 'node:path/posix';
import type { WayOut } from '../config.ts';
import { configPath, paths, pkiPath } from '../paths.ts';
import { users } from '../provision/users.ts';
import { emulation } from './emulation.ts';
import { ETCD_CLIENT_URL } from './etcd.ts';
import { commandLine, type Flags, unitFile } from './unit.ts';

export interface ApiServerUnit {
  readonly program: string;
  /** What the user adds. */
  readonly extra?: Flags;
  readonly emulated?: string;
  readonly apiAddress: string;
  readonly apiPort: number;
  readonly serviceCidr: string;
  readonly shutdownDelaySeconds: number;
  readonly requestTimeoutSeconds: number;
  readonly admission?: object | undefined;
  readonly proxy?: WayOut | undefined;
}

/** How long a stopping API server may take to end its watches cleanly; it ends 200 a second at least. */
const WATCH_GRACE_SECONDS = 10;
const CIPHERS = [
  'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
];

/** How long it may take, when it stops, to finish what it has accepted; a longer request is cut off. */
const LAST_REQUESTS_SECONDS = 60;

/** `kube-apiserver.service`: serves on all addresses of the machine, from the local etcd member. */
export function apiServerUnit(options: ApiServerUnit): string {
  const lastRequests = Math.min(options.requestTimeoutSeconds, LAST_REQUESTS_SECONDS);
  return unitFile({
    description: 'Kubernetes API server',
    after: ['etcd.service'],
    type: 'notify',
    user: users.kube,
    capabilities: options.apiPort < 1024 ? ['CAP_NET_BIND_SERVICE'] : [],
    stopSeconds: options.shutdownDelaySeconds + WATCH_GRACE_SECONDS + lastRequests + 5,
    ...(options.proxy ? { proxy: options.proxy } : {}),
    service: [`LogsDirectory=${dirname(paths.auditLog).replace('/var/log/', '')}`, 'LogsDirectoryMode=0750'],
    command: commandLine(options.program, {
      // The one address that clients know, whoever holds it, also for pods through the `kubernetes` service.
      'advertise-address': options.apiAddress,
      'bind-address': '0.0.0.0',
      'secure-port': options.apiPort,
      'service-cluster-ip-range': options.serviceCidr,
      // haup keeps the endpoints of the `kubernetes` service itself: see kubernetes-endpoints.ts for why.
      'endpoint-reconciler-type': 'none',

      // The local member only: a machine that loses its etcd leaves the balancer with it.
      'etcd-servers': ETCD_CLIENT_URL,
      'etcd-cafile': pkiPath('etcd/ca.crt'),
      'etcd-certfile': pkiPath('apiserver-etcd-client.crt'),
      'etcd-keyfile': pkiPath('apiserver-etcd-client.key'),
      // Not shorter than Kubernetes' own unless somebody asks for it: deleting a large collection is one request, a webhook may
      // take 30 s of it, and priority and fairness lets a request wait for a quarter of it.
      'request-timeout': `${options.requestTimeoutSeconds}s`,
      'encryption-provider-config': configPath('encryption.yaml'),

      // TLS 1.2 too: a cloud balancer's health check may speak no other. Of its suites those that fit our keys and keep what was
      // said secret when a key is lost.
      'tls-min-version': 'VersionTLS12',
      'tls-cipher-suites': CIPHERS.join(','),
      'tls-cert-file': pkiPath('apiserver.crt'),
      'tls-private-key-file': pkiPath('apiserver.key'),
      'client-ca-file': pkiPath('client-ca.crt'),
      // Anonymous access for the health endpoints alone, and for what who joins reads first.
      'authentication-config': configPath('authentication.yaml'),
      // Workers join with bootstrap tokens.
      'enable-bootstrap-token-auth': true,
      'authorization-mode': 'Node,RBAC',
      // A kubelet may change its own node and pods only. A service may not claim an address that is somebody else's
      // (CVE-2020-8554).
      'enable-admission-plugins': 'NodeRestriction,DenyServiceExternalIPs',
      ...(options.admission ? { 'admission-control-config-file': configPath('admission.yaml') } : {}),
      // Off by default; network and storage add-ons of every cluster need it. Pod Security admission is what limits it.
      'allow-privileged': true,

      'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
      'service-account-key-file': pkiPath('sa.pub'),
      'service-account-signing-key-file': pkiPath('sa.key'),
      // Tokens in pods live for an hour, as they say, not for a year.
      'service-account-extend-token-expiration': false,

      'kubelet-client-certificate': pkiPath('apiserver-kubelet-client.crt'),
      'kubelet-client-key': pkiPath('apiserver-kubelet-client.key'),
      'kubelet-certificate-authority': pkiPath('kubelet-ca.crt'),
      // Workers' names need not resolve on a master.
      'kubelet-preferred-address-types': 'InternalIP,Hostname,InternalDNS,ExternalIP,ExternalDNS',

      // Extension API servers (metrics-server, …).
      'requestheader-client-ca-file': pkiPath('front-proxy-ca.crt'),
      'requestheader-allowed-names': 'front-proxy-client',
      'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
      'requestheader-group-headers': 'X-Remote-Group',
      'requestheader-username-headers': 'X-Remote-User',
      'proxy-client-cert-file': pkiPath('front-proxy-client.crt'),
      'proxy-client-key-file': pkiPath('front-proxy-client.key'),
      // Masters run no kube-proxy: an extension's pods are reached directly, not by their service address.
      'enable-aggregator-routing': true,

      'audit-policy-file': configPath('audit.yaml'),
      'audit-log-path': paths.auditLog,
      // At most 1 GB, 30 days.
      'audit-log-maxsize': 100,
      'audit-log-maxbackup': 10,
      'audit-log-maxage': 30,
      'audit-log-compress': true,

      // Stopping: /readyz fails at once, serving goes on until the balancer has noticed, … (No shutdown-send-retry-after: it has every
      // client wait for five seconds, also those that would have connected anew unnoticed; see docs/upgrade.md.)
      'shutdown-delay-duration': `${options.shutdownDelaySeconds}s`,
      // … then watches are ended cleanly. Without this they hold the stop up for a minute and are then cut.
      'shutdown-watch-termination-grace-period': `${WATCH_GRACE_SECONDS}s`,
      // One in a thousand requests asks its client to reconnect, so that replicas that joined later get their share.
      'goaway-chance': 0.001,

      // Nothing may be had from /debug/pprof.
      profiling: false,
      ...emulation(options),
      ...options.extra,
    }),
  });
}
