import type { ExecResult } from '../../../src/util/exec.ts';

/** A running master, as the checks of the benchmark look at it. */
export interface Master {
  /** The flags that a program runs with; undefined: not given. */
  flag(program: Program, name: string): string | undefined;
  /** Runs a shell command on it, as root. */
  run(script: string): Promise<ExecResult>;
}

export type Program = 'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'etcd';
type Check = (master: Master) => boolean | Promise<boolean>;

const PKI = '/etc/haup/current/pki';
const UNITS = '/etc/systemd/system';
const ADMIN = '/etc/kubernetes/admin.conf';

const ok =
  (script: string): Check =>
  async ({ run }) =>
    (await run(script)).code === 0;
/** At most this mode: no bit outside of it. */
const mode = (file: string, most: number): Check =>
  ok(`[ -e ${file} ] && [ -z "$(find -L ${file} -perm /${(0o777 & ~most).toString(8)})" ]`);
const rootOwns = (file: string): Check =>
  ok(`[ -e ${file} ] && [ -z "$(find -L ${file} ! -user root -o ! -group root)" ]`);
const none = (find: string): Check => ok(`[ -z "$(find ${find} 2>/dev/null)" ]`);

function flags(program: Program) {
  return {
    is:
      (name: string, value: string): Check =>
      ({ flag }) =>
        flag(program, name) === value,
    isNot:
      (name: string, value: string): Check =>
      ({ flag }) =>
        flag(program, name) !== value,
    given:
      (...names: string[]): Check =>
      ({ flag }) =>
        names.every((name) => flag(program, name)),
    absent:
      (name: string): Check =>
      ({ flag }) =>
        flag(program, name) === undefined,
    has:
      (name: string, item: string): Check =>
      ({ flag }) =>
        list(flag(program, name)).includes(item),
    hasNot:
      (name: string, item: string): Check =>
      ({ flag }) =>
        !list(flag(program, name)).includes(item),
    least:
      (name: string, least: number): Check =>
      ({ flag }) =>
        Number(flag(program, name)) >= least,
  };
}
const list = (value = ''): string[] => value.split(',');

const api = flags('kube-apiserver');
const manager = flags('kube-controller-manager');
const scheduler = flags('kube-scheduler');
const etcd = flags('etcd');

/** The suites that the benchmark calls strong. */
const STRONG =
  /^(TLS_(AES_128_GCM_SHA256|AES_256_GCM_SHA384|CHACHA20_POLY1305_SHA256)|TLS_ECDHE_(ECDSA|RSA)_WITH_(AES_128_GCM_SHA256|AES_256_GCM_SHA384|CHACHA20_POLY1305(_SHA256)?))$/;

/** What sections 1 to 3 of the CIS Kubernetes Benchmark 1.12 ask, of units instead of static pods. */
export const checks: Readonly<Record<string, Check>> = {
  '1.1.1': mode(`${UNITS}/kube-apiserver.service`, 0o600),
  '1.1.2': rootOwns(`${UNITS}/kube-apiserver.service`),
  '1.1.3': mode(`${UNITS}/kube-controller-manager.service`, 0o600),
  '1.1.4': rootOwns(`${UNITS}/kube-controller-manager.service`),
  '1.1.5': mode(`${UNITS}/kube-scheduler.service`, 0o600),
  '1.1.6': rootOwns(`${UNITS}/kube-scheduler.service`),
  '1.1.7': mode(`${UNITS}/etcd.service`, 0o600),
  '1.1.8': rootOwns(`${UNITS}/etcd.service`),
  '1.1.9': none('/etc/cni /opt/cni -type f -perm /177'),
  '1.1.10': none('/etc/cni /opt/cni ! -user root'),
  '1.1.11': ok('[ "$(stat -c %a /var/lib/haup/etcd)" = 700 ]'),
  '1.1.12': ok('[ "$(stat -c %U:%G /var/lib/haup/etcd)" = etcd:etcd ]'),
  '1.1.13': mode(ADMIN, 0o600),
  '1.1.14': rootOwns(ADMIN),
  '1.1.15': mode(`${PKI}/scheduler.conf`, 0o600),
  '1.1.16': rootOwns(`${PKI}/scheduler.conf`),
  '1.1.17': mode(`${PKI}/controller-manager.conf`, 0o600),
  '1.1.18': rootOwns(`${PKI}/controller-manager.conf`),
  '1.1.19': rootOwns(`${PKI}/`),
  '1.1.20': ok(`[ -z "$(find -L ${PKI} -name '*.crt' -perm /133)" ]`),
  '1.1.21': ok(`[ -z "$(find -L ${PKI} -name '*.key' -perm /177)" ]`),

  '1.2.1': api.is('anonymous-auth', 'false'),
  '1.2.2': api.absent('token-auth-file'),
  '1.2.3': api.has('enable-admission-plugins', 'DenyServiceExternalIPs'),
  '1.2.4': api.given('kubelet-client-certificate', 'kubelet-client-key'),
  '1.2.5': api.given('kubelet-certificate-authority'),
  '1.2.6': api.hasNot('authorization-mode', 'AlwaysAllow'),
  '1.2.7': api.has('authorization-mode', 'Node'),
  '1.2.8': api.has('authorization-mode', 'RBAC'),
  '1.2.9': api.has('enable-admission-plugins', 'EventRateLimit'),
  '1.2.10': api.hasNot('enable-admission-plugins', 'AlwaysAdmit'),
  '1.2.11': api.has('enable-admission-plugins', 'AlwaysPullImages'),
  '1.2.12': api.hasNot('disable-admission-plugins', 'ServiceAccount'),
  '1.2.13': api.hasNot('disable-admission-plugins', 'NamespaceLifecycle'),
  '1.2.14': api.has('enable-admission-plugins', 'NodeRestriction'),
  '1.2.15': api.is('profiling', 'false'),
  '1.2.16': api.given('audit-log-path'),
  '1.2.17': api.least('audit-log-maxage', 30),
  '1.2.18': api.least('audit-log-maxbackup', 10),
  '1.2.19': api.least('audit-log-maxsize', 100),
  '1.2.20': api.given('request-timeout'),
  '1.2.21': api.isNot('service-account-lookup', 'false'),
  '1.2.22': api.given('service-account-key-file'),
  '1.2.23': api.given('etcd-certfile', 'etcd-keyfile'),
  '1.2.24': api.given('tls-cert-file', 'tls-private-key-file'),
  '1.2.25': api.given('client-ca-file'),
  '1.2.26': api.given('etcd-cafile'),
  '1.2.27': api.given('encryption-provider-config'),
  '1.2.28': ({ flag, run }) =>
    ok(
      `grep -A1 'providers:' ${flag('kube-apiserver', 'encryption-provider-config')} | grep -qE 'aescbc|kms|secretbox'`,
    )({ flag, run }),
  '1.2.29': ({ flag }) =>
    list(flag('kube-apiserver', 'tls-cipher-suites')).every((suite) => STRONG.test(suite)),
  '1.2.30': api.is('service-account-extend-token-expiration', 'false'),

  '1.3.1': manager.given('terminated-pod-gc-threshold'),
  '1.3.2': manager.is('profiling', 'false'),
  '1.3.3': manager.is('use-service-account-credentials', 'true'),
  '1.3.4': manager.given('service-account-private-key-file'),
  '1.3.5': manager.given('root-ca-file'),
  '1.3.6': manager.hasNot('feature-gates', 'RotateKubeletServerCertificate=false'),
  '1.3.7': manager.is('bind-address', '127.0.0.1'),
  '1.4.1': scheduler.is('profiling', 'false'),
  '1.4.2': scheduler.is('bind-address', '127.0.0.1'),

  '2.1': etcd.given('cert-file', 'key-file'),
  '2.2': etcd.is('client-cert-auth', 'true'),
  '2.3': etcd.isNot('auto-tls', 'true'),
  '2.4': etcd.given('peer-cert-file', 'peer-key-file'),
  '2.5': etcd.is('peer-client-cert-auth', 'true'),
  '2.6': etcd.isNot('peer-auto-tls', 'true'),
  '2.7': ({ flag, run }) =>
    ok(
      `! cmp -s ${flag('etcd', 'trusted-ca-file')} ${PKI}/ca.crt && ! grep -qF "$(sed -n 2p ${flag('etcd', 'trusted-ca-file')})" ${flag('kube-apiserver', 'client-ca-file')}`,
    )({ flag, run }),

  // haup's kubeconfig is a client certificate: nothing on a master could say otherwise.
  '3.1.1': () => false,
  '3.1.2': async ({ run }) => !(await run(`grep -rlE '^ *token:' /etc/haup /root/.kube 2>/dev/null`)).stdout,
  '3.1.3': ok(`! grep -rqE '^ *token: *[a-z0-9]{6}\\.[a-z0-9]{16}$' /etc/haup /root/.kube 2>/dev/null`),
  '3.2.1': api.given('audit-policy-file'),
  '3.2.2': ({ flag, run }) =>
    ok(
      `for word in secrets configmaps tokenreviews pods/exec pods/portforward pods/proxy services/proxy; do grep -q "$word" ${flag('kube-apiserver', 'audit-policy-file')} || exit 1; done`,
    )({ flag, run }),
};

/** Asks the running programs for their flags. */
export async function lookAt(run: Master['run']): Promise<Master> {
  const seen = new Map<string, string>();
  for (const program of ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd']) {
    const { stdout } = await run(
      `tr '\\0' '\\n' </proc/$(systemctl show -p MainPID --value ${program})/cmdline`,
    );
    for (const [, name, value] of stdout.matchAll(/^--([a-z0-9-]+)=(.*)$/gm))
      seen.set(`${program} ${name}`, value!);
    if (![...seen.keys()].some((key) => key.startsWith(`${program} `)))
      throw new Error(`${program} has no flags`);
  }
  return { run, flag: (program, name) => seen.get(`${program} ${name}`) };
}

export interface Row {
  readonly id: string;
  readonly asks: string;
  readonly here: string;
  readonly why: string;
}

/** The table of docs/security.md. */
export function readTable(markdown: string): Row[] {
  return [...markdown.matchAll(/^\| (\d\.\d+(?:\.\d+)?) \| (.*?) \| (.*?) \| (.*?) ?\|$/gm)].map(
    ([, id, asks, here, why]) => ({ id: id!, asks: asks!, here: here!, why: why! }),
  );
}
