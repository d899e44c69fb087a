import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { callApi } from '../../src/kubernetes/client.ts';
import { parseAuthorities } from '../../src/pki/authorities.ts';
import { adminOf, useClusters } from './support/clusters.ts';
import { expired } from './support/expire.ts';
import { E2E_HOME, haup, status, tryHaup } from './support/haup.ts';
import { askEtcd, mustOnMachine, onMachine } from './support/inside.ts';

/** What operators met with other tools: haup cannot look inside, or something will stop a change (cases B1 to B11). */
const CLUSTER = 'e2e-look';
useClusters(CLUSTER);

let names: string[] = [];
/** Undone after each test, past SSH. */
let undo: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  await haup('create', '-c', CLUSTER, '--multizone', '--zones', 'local-a,local-b,local-c');
  names = (await status(CLUSTER)).replicas.map((replica) => replica.name);
});
afterEach(async () => {
  for (const mend of undo.reverse()) await mend();
  undo = [];
});

async function on(machines: readonly string[], script: string): Promise<void> {
  for (const machine of machines) await mustOnMachine(CLUSTER, machine, script);
}

async function hurt(machines: readonly string[], script: string, mending: string): Promise<void> {
  undo.push(() => on(machines, mending));
  await on(machines, script);
}

const sshd = (settings: string) =>
  [
    `printf '${settings}\\n' >/etc/ssh/sshd_config.d/00-test.conf; systemctl reload ssh`,
    'rm -f /etc/ssh/sshd_config.d/00-test.conf; systemctl reload ssh',
  ] as const;

/** What nobody may be told while the cluster serves. */
const WRONG = /no quorum|lost-quorum|force-new-cluster|emptied|frozen|not ready|is dead/;

async function expectAllWell(): Promise<void> {
  const seen = await status(CLUSTER);
  expect(seen.warnings).toEqual([]);
  expect(seen.etcd).toMatchObject({ voters: 3, healthy: 3, quorumIs: 'held' });
  expect(seen.replicas.map((replica) => replica.apiServer)).toEqual(['ready', 'ready', 'ready']);
  expect(seen.replicas.flatMap((replica) => replica.differences)).toEqual([]);
}

describe('what stands in the way of looking is told from what is dead', () => {
  test('sshd refuses forwarding, and allows one session at a time', async () => {
    await hurt(names, ...sshd('AllowTcpForwarding no\\nMaxSessions 1'));
    await expectAllWell();
    const growing = await tryHaup(['add-replica', '-c', CLUSTER, '--zone', 'local-a', '--dry-run']);
    expect(growing.stdout).toContain('as a learner');
  });

  test('a log-in prints what it likes, and names a proxy', async () => {
    const add =
      'cp /root/.bashrc /root/.bashrc.was 2>/dev/null; printf \'echo "hello: $-"; echo oops >&2\\n\' >/root/.bashrc';
    await hurt(names, add, 'mv /root/.bashrc.was /root/.bashrc 2>/dev/null || rm -f /root/.bashrc');
    const proxy =
      'printf "http_proxy=http://192.0.2.1:3128\\nhttps_proxy=http://192.0.2.1:3128\\n" >>/etc/environment';
    await hurt(names, proxy, 'sed -i /192.0.2.1/d /etc/environment');
    await expectAllWell();
  });

  test('a full /run is said, the replica is not called broken, and nothing is begun', async () => {
    const [machine] = names;
    await hurt(
      [machine!],
      'mount -t tmpfs -o size=100k,remount tmpfs /run 2>/dev/null; dd if=/dev/zero of=/run/fill bs=1M 2>/dev/null; true',
      'rm -f /run/fill; mount -o remount,size=1g /run; true',
    );
    const seen = await status(CLUSTER);
    expect(seen.warnings).toEqual([`${machine}: /run is full`]);
    expect(seen.replicas[0]!.apiServer).toBe('ready');
    const growing = await tryHaup(['add-replica', '-c', CLUSTER, '--zone', 'local-a']);
    expect([growing.code, growing.stderr]).toEqual([3, expect.stringContaining('/run is full')]);
  });

  test('a log-in that takes five seconds is slow, not dead', async () => {
    await hurt(
      names,
      'echo "session required pam_exec.so /bin/sleep 5" >>/etc/pam.d/sshd',
      'sed -i "/pam_exec.so .bin.sleep/d" /etc/pam.d/sshd',
    );
    await expectAllWell();
  });

  test('an expired password is the verdict, in its own words, also in JSON, and replaces nobody', async () => {
    const [machine] = names;
    await hurt([machine!], 'passwd -e root', 'chage -d "$(date +%F)" root');
    const seen = await status(CLUSTER);
    expect(seen.replicas[0]!.unseen).toContain('Your password has expired');
    expect(seen.replicas[0]!.etcd).toMatchObject({ unknown: true });
    expect(seen.warnings.join('\n')).toMatch(/your password has expired/i);
    expect(seen.warnings.join('\n')).not.toMatch(WRONG);
    const replacing = await tryHaup(['replace-replica', '-c', CLUSTER, machine!, '--dry-run']);
    expect(replacing.stdout + replacing.stderr).toContain('cannot tell whether it lives');
  });

  test('while a read that needs a quorum succeeds at the API address, there is one, whatever haup sees', async () => {
    await hurt(names, 'passwd -e root', 'chage -d "$(date +%F)" root');
    const seen = await status(CLUSTER);
    expect(seen.etcd.quorumIs).toBe('held');
    expect(seen.warnings[0]).toMatch(/etcd has a quorum .* haup cannot look at its members/);
    for (const command of [
      ['add-replica', '--zone', 'local-a'],
      ['add-replica', '--zone', 'local-a', '--dry-run'],
      ['remove-replica', names[1]!],
      ['replace-replica', names[1]!],
      ['repair'],
      ['repair', '--abandon'],
    ]) {
      const ended = await tryHaup([command[0]!, '-c', CLUSTER, ...command.slice(1)]);
      expect([command, ended.code]).toEqual([command, 3]);
      expect(ended.stdout + ended.stderr).not.toMatch(WRONG);
    }
  });
});

describe('what would stop a change is found before it begins', () => {
  const grow = ['add-replica', '-c', CLUSTER, '--zone', 'local-a'];

  async function expectRefused(words: RegExp, options = {}): Promise<void> {
    const ended = await tryHaup(grow, options);
    expect(ended.stderr).toMatch(words);
    expect(ended.code).toBe(3);
    expect((await status(CLUSTER)).replicas.map((replica) => replica.name)).toEqual(names);
  }

  test("etcd's alarm is the first warning, and no fourth voter comes", async () => {
    const id = (await status(CLUSTER)).replicas[0]!.etcd.id!;
    const alarm = (action: string) =>
      askEtcd('maintenance/alarm', { action, memberID: id, alarm: 'NOSPACE' });
    await hurt([names[0]!], alarm('ACTIVATE'), alarm('DEACTIVATE'));
    const seen = await status(CLUSTER);
    expect(seen.warnings[0]).toMatch(/^etcd has raised an alarm \(NOSPACE on .*etcd-alarm\.md$/);
    await expectRefused(/NOSPACE/);
  });

  test('a webhook that refuses leases is named, and the leaver stays', async () => {
    const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
    const api = await adminOf(CLUSTER);
    const hook = {
      name: 'refuses.example.com',
      clientConfig: { url: 'https://127.0.0.1:1/' },
      rules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['leases'] }],
      failurePolicy: 'Fail',
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
    };
    undo.push(() => callApi(api, { method: 'DELETE', path: `${path}/refuses`, timeoutMs: 10_000 }));
    const body = { metadata: { name: 'refuses' }, webhooks: [hook] };
    const made = await callApi(api, { method: 'POST', path, body, timeoutMs: 10_000 });
    expect(made.status).toBe(201);
    await expect
      .poll(async () => (await status(CLUSTER)).warnings.join('\n'), { timeout: 30_000 })
      .toContain('refuses.example.com');
    await expectRefused(/refuses\.example\.com/);
    const replacing = await tryHaup(['replace-replica', '-c', CLUSTER, names[1]!]);
    expect([replacing.code, replacing.stderr]).toEqual([3, expect.stringContaining('refuses.example.com')]);
  });

  test("the operator's clock is compared with the machines'", async () => {
    const skew = join(E2E_HOME, 'skew.cjs');
    writeFileSync(skew, `const now = Date.now; Date.now = () => now() + 7_200_000;`);
    await expectRefused(/the operator's clock is 2 h 0 min ahead of the machines'/, {
      env: { NODE_OPTIONS: `--require ${skew}` },
    });
  });

  test('what somebody changed on a master is shown, with what putting it right costs', async () => {
    const unit = '/etc/systemd/system/kube-apiserver.service';
    const beside = '/etc/systemd/system/etcd.service.d';
    await hurt(
      [names[1]!],
      `cp ${unit} /root/kept; sed -i s/request-timeout=60s/request-timeout=61s/ ${unit}; mkdir ${beside}; echo >${beside}/mine.conf`,
      `mv /root/kept ${unit}; chmod 600 ${unit}; rm -r ${beside}`,
    );
    const { replicas, converged } = await status(CLUSTER);
    expect(converged).toBe(true);
    expect(replicas.map((replica) => replica.differences)).toEqual([
      [],
      [
        { path: 'units/etcd.service.d/mine.conf', how: 'unexpected', cost: 'etcd' },
        { path: 'units/kube-apiserver.service', how: 'changed', cost: 'api-server' },
      ],
      [],
    ]);
    expect(new Set(replicas.map(({ revision }) => revision!.digest)).size).toBe(3);
    for (const { certificates } of replicas)
      expect(certificates.map(({ file }) => file)).toEqual(
        expect.arrayContaining(['apiserver.crt', 'etcd/peer.crt', 'scheduler.conf', 'etcd/ca.crt']),
      );
  });

  test('all certificates are renewed while API server and etcd run on', async () => {
    const since = `systemctl show -p ActiveEnterTimestampMonotonic --value etcd kube-apiserver`;
    const started = () =>
      Promise.all(names.map(async (name) => (await onMachine(CLUSTER, name, since)).stdout));
    const [before, startedBefore] = [await status(CLUSTER), await started()];
    await haup('renew', '-c', CLUSTER, '--all');
    await expectAllWell();
    const [after, startedAfter] = [await status(CLUSTER), await started()];
    expect(startedAfter).toEqual(startedBefore);
    const leaves = ({ replicas }: typeof after) =>
      replicas.map(({ certificates }) =>
        certificates
          .filter(({ file }) => !file.endsWith('ca.crt'))
          .map(({ file, expires }) => [file, expires]),
      );
    const old = new Map(
      leaves(before).flatMap((list, i) => list.map(([file, end]) => [`${i} ${file}`, end])),
    );
    const kept = leaves(after).flatMap((list, i) =>
      list.filter(([file, end]) => old.get(`${i} ${file}`) === end),
    );
    expect(kept).toEqual([]);
    expect(old.size).toBeGreaterThan(30);
    expect(after.converged).toBe(true);
    expect(await haup('renew', '-c', CLUSTER)).toContain('nothing to do');
  });

  test('certificates that have expired are renewed by repair, with neither etcd nor the API', async () => {
    const file = join(E2E_HOME, 'clusters', CLUSTER, 'secrets', 'authorities');
    const { kubernetes, etcd } = parseAuthorities(readFileSync(file, 'utf8'));
    const pki = '/etc/haup/current/pki';
    const files = [
      ['apiserver.crt', kubernetes.keyPem],
      ['apiserver-etcd-client.crt', etcd.keyPem],
      ['etcd/server.crt', etcd.keyPem],
      ['etcd/peer.crt', etcd.keyPem],
      ['etcd/client.crt', etcd.keyPem],
    ] as const;
    for (const name of names) {
      for (const [path, key] of files) {
        const { stdout } = await onMachine(CLUSTER, name, `cat ${pki}/${path}`);
        const pem = expired(stdout, key);
        await on([name], `printf '%s' '${pem}' >${pki}/${path}`);
      }
    }
    // Stopped first: one that is still about to stop answers by its old certificate.
    await on(names, 'systemctl stop etcd kube-apiserver && systemctl start --no-block etcd kube-apiserver');
    const seen = await status(CLUSTER);
    expect(seen.warnings.slice(0, 4)).toEqual([
      // By a certificate that has expired, until the balancer has found that none is ready: then by nothing.
      expect.stringContaining('the API does not answer at'),
      ...names.map(
        (n) =>
          `${n}: its certificates have expired (apiserver-etcd-client.crt, apiserver.crt, etcd/client.crt and 2 more); renew them: haup repair -c ${CLUSTER}`,
      ),
    ]);
    expect(seen.warnings.join('\n')).not.toMatch(/lost-quorum|replace-replica/);
    const repaired = await tryHaup(['repair', '-c', CLUSTER]);
    expect([repaired.code, repaired.stderr]).toEqual([
      0,
      expect.stringContaining('renew the certificates of'),
    ]);
    await expectAllWell();
  });

  test('a newcomer joins beside a member that has a second peer URL', async () => {
    const { internalIp, etcd: member } = (await status(CLUSTER)).replicas[1]!;
    const urls = [`https://${internalIp}:2380`, 'https://192.0.2.7:2380'];
    await on([names[0]!], askEtcd('cluster/member/update', { ID: member.id, peerURLs: urls }));
    await haup(...grow);
    expect((await status(CLUSTER)).etcd).toMatchObject({ voters: 4, healthy: 4 });
  });
});
