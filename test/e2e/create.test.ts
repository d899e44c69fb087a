import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { callApi } from '../../src/kubernetes/client.ts';
import { exec } from '../../src/util/exec.ts';
import { waitFor } from '../../src/util/wait.ts';
import { seeded } from '../support/seeded.ts';
import { adminOf, useClusters } from './support/clusters.ts';
import { E2E_HOME, events, haup, startHaup, status, tryHaup } from './support/haup.ts';
import { hostState } from './support/host.ts';

useClusters('e2e-a', 'e2e-b', 'e2e-kill');

const ETCD = '--cacert /etc/haup/current/pki/etcd/ca.crt --endpoints https://127.0.0.1:2379';
const ETCD_CERT = '--cert /etc/haup/current/pki/etcd/client.crt --key /etc/haup/current/pki/etcd/client.key';

function on(cluster: string, command: string): Promise<Awaited<ReturnType<typeof tryHaup>>> {
  return tryHaup(['ssh', '-c', cluster, '--', command]);
}

// What is made and what is killed run side by side: they are clusters of their own.
describe.concurrent('haup create', () => {
  test.sequential('makes two clusters side by side, each reachable and verified at its own API address, and refuses who makes one that another haup makes (4)', async () => {
    const create = (cluster: string, zone: string) =>
      tryHaup(['create', '-c', cluster, '--zone', zone], { env: { MULTIZONE: 'true' } });
    const [ended, ...both] = await Promise.all([
      create('e2e-a', 'local-a'),
      create('e2e-b', 'local-b'),
      create('e2e-b', 'local-b'),
    ]);
    expect([ended.code, ended.code === 0 ? '' : ended.stderr]).toEqual([0, '']);
    const [made, refused] = both.toSorted((one, other) => one.code! - other.code!);
    expect([made!.code, made!.code === 0 ? '' : made!.stderr]).toEqual([0, '']);
    expect([refused!.code, refused!.stderr]).toEqual([
      4,
      expect.stringMatching(/create.*since|since.*create/is),
    ]);
    const folder = await mkdtemp(join(tmpdir(), 'haup-e2e-'));
    for (const cluster of ['e2e-a', 'e2e-b']) {
      const api = await adminOf(cluster);
      const ca = join(folder, `${cluster}.crt`);
      await writeFile(ca, api.caPem);
      expect(await exec('curl', ['-s', '--cacert', ca, `https://${api.ip}/readyz`])).toBe('ok');
      expect(await status(cluster)).toMatchObject({
        converged: true,
        apiAddress: { ip: api.ip, holder: { kind: 'machine', name: `${cluster}-master` } },
        replicas: [{ machine: 'running', apiServer: 'ready', etcd: { role: 'leader', healthy: true } }],
      });
    }
    expect((await adminOf('e2e-a')).ip).not.toBe((await adminOf('e2e-b')).ip);
    expect(await haup('list')).toMatch(/e2e-a[\s\S]*e2e-b/);
  });

  test.sequential('issues a serving certificate for the addresses that the replica answers on, and for no ephemeral one', async () => {
    const api = await adminOf('e2e-a');
    const { replicas } = await status('e2e-a');
    const certificate = await servingCertificate(api.ip, api.port);
    const san = certificate.subjectAltName ?? '';
    for (const ip of [api.ip, replicas[0]!.internalIp, '127.0.0.1', '10.96.0.1'])
      expect(san).toContain(`IP Address:${ip}`);
    expect(san).toContain('DNS:kubernetes.default.svc.cluster.local');
    expect(certificate.checkIP('198.18.0.77')).toBeUndefined();
  });

  test.sequential('answers strangers on /readyz alone, and lets nobody at etcd without a certificate or over the network', async () => {
    const api = await adminOf('e2e-a');
    const anonymous = { ...api, certPem: undefined, keyPem: undefined } as unknown as typeof api;
    expect((await callApi(anonymous, { path: '/readyz', timeoutMs: 5000 })).status).toBe(200);
    expect([401, 403]).toContain((await callApi(anonymous, { path: '/api', timeoutMs: 5000 })).status);
    expect((await on('e2e-a', `/opt/haup/bin/etcdctl ${ETCD} ${ETCD_CERT} member list`)).code).toBe(0);
    expect(
      (await on('e2e-a', `/opt/haup/bin/etcdctl ${ETCD} --command-timeout 2s member list`)).code,
    ).not.toBe(0);
    const internal = (await status('e2e-a')).replicas[0]!.internalIp!;
    const overTheNetwork = ETCD.replace('127.0.0.1', internal);
    const refused = await on(
      'e2e-a',
      `/opt/haup/bin/etcdctl ${overTheNetwork} ${ETCD_CERT} --command-timeout 2s member list`,
    );
    expect(refused.code).not.toBe(0);
  });

  test.sequential('keeps a Secret unreadable in etcd, and the kubernetes Endpoints exactly at the API address', async () => {
    const api = await adminOf('e2e-a');
    const body = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'hidden' },
      stringData: { word: 'open-sesame' },
    };
    const made = await callApi(api, {
      method: 'POST',
      path: '/api/v1/namespaces/default/secrets',
      body,
      timeoutMs: 5000,
    });
    expect(made.status).toBe(201);
    const raw = await on(
      'e2e-a',
      `/opt/haup/bin/etcdctl ${ETCD} ${ETCD_CERT} get /registry/secrets/default/hidden --print-value-only`,
    );
    expect(raw.stdout).toContain('k8s:enc:');
    expect(raw.stdout).not.toContain('open-sesame');
    expect(raw.stdout).not.toContain(Buffer.from('open-sesame').toString('base64'));
    const endpoints = await callApi(api, {
      path: '/api/v1/namespaces/default/endpoints/kubernetes',
      timeoutMs: 5000,
    });
    const { subsets } = JSON.parse(endpoints.text) as { subsets: { addresses: { ip: string }[] }[] };
    expect(subsets.map((subset) => subset.addresses.map((address) => address.ip))).toEqual([[api.ip]]);
  });

  test.sequential('leaves no secret in world-readable files of the store, and none in what it prints', async () => {
    const folder = join(E2E_HOME, 'clusters', 'e2e-a');
    const modes = await exec('find', [folder, '-printf', '%m %y\\n']);
    expect([...new Set(modes.trim().split('\n'))].sort()).toEqual(['600 f', '700 d']);
    expect(await readdir(join(folder, 'secrets'))).toContain('authorities');
    const shown = await tryHaup(['status', '-c', 'e2e-a', '--debug']);
    expect(shown.stdout + shown.stderr).not.toMatch(/PRIVATE KEY/);
  });

  test.sequential('brings a machine back from a lost power cord with its data, by fault power-on and by repair', async () => {
    const api = await adminOf('e2e-b');
    const path = '/api/v1/namespaces';
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'survivor' } };
    expect((await callApi(api, { method: 'POST', path, body, timeoutMs: 5000 })).status).toBe(201);
    const back = (): Promise<boolean> =>
      waitFor(
        async () =>
          (await callApi(api, { path: `${path}/survivor`, timeoutMs: 2000 })).status === 200
            ? true
            : undefined,
        { what: 'the namespace to be there again', timeoutMs: 60_000 },
      );

    await haup('fault', '-c', 'e2e-b', 'power-off', 'e2e-b-master');
    const down = await status('e2e-b');
    expect(down).toMatchObject({
      converged: true,
      replicas: [{ machine: 'stopped', apiServer: 'unreachable' }],
    });
    expect(down.warnings.join()).toContain('its machine is stopped');
    const silence = await callApi(api, { path: '/readyz', timeoutMs: 1500 }).catch((error: Error) => error);
    expect(silence).toMatchObject({ name: 'TimeoutError' }); // not ECONNREFUSED or ECONNRESET: nobody answers for the dead
    await haup('fault', '-c', 'e2e-b', 'power-on', 'e2e-b-master');
    expect(await back()).toBe(true);

    await haup('fault', '-c', 'e2e-b', 'power-off', 'local-b');
    await haup('repair', '-c', 'e2e-b');
    expect(await back()).toBe(true);
  });

  test.sequential('is refused while the cluster exists (2)', async () => {
    const again = await tryHaup(['create', '-c', 'e2e-a']);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('exists')]);
  });

  test.sequential('shows its whole plan in a dry run, and changes nothing', async () => {
    const dry = await tryHaup(['create', '-c', 'e2e-dry', '--dry-run', '--log-format', 'json']);
    expect([dry.code, dry.stdout]).toEqual([0, expect.stringContaining('bootstrap etcd')]);
    expect(events(dry).some((event) => event.type === 'step-started')).toBe(false);
    expect((await tryHaup(['status', '-c', 'e2e-dry'])).code).toBe(6);
    expect(await hostState(['e2e-dry'])).toEqual([]);
  });

  test.sequential('leaves nothing behind after delete', async () => {
    expect((await hostState(['e2e-a', 'e2e-b'])).length).toBeGreaterThan(0);
    await haup('delete', '-c', 'e2e-a', '--yes');
    await haup('delete', '-c', 'e2e-b', '--yes');
    expect(await hostState(['e2e-a', 'e2e-b'])).toEqual([]);
    expect((await tryHaup(['status', '-c', 'e2e-a'])).code).toBe(6);
  });
});

describe.concurrent('haup create that is killed', () => {
  test.sequential('at every step boundary in turn, is finished by repair; killed once more, delete removes all', async () => {
    // Each run begins where the last was killed, so that every boundary is crossed by a kill.
    let boundaries = 0;
    let args = ['create', '-c', 'e2e-kill'];
    for (; ; boundaries++) {
      const run = startHaup([...args, '--log-format', 'json']);
      await run.shows('"step-finished"');
      run.child.kill('SIGKILL');
      const ended = await run.ended;
      if (ended.signal === null) break;
      expect(boundaries).toBeLessThan(30);
      const exists = await tryHaup(['status', '-c', 'e2e-kill']);
      args = exists.code === 6 ? args : ['repair', '-c', 'e2e-kill'];
    }
    expect(boundaries).toBeGreaterThan(3);
    expect(await status('e2e-kill')).toMatchObject({ converged: true, etcd: { healthy: 1 } });
    const run = startHaup(['delete', '-c', 'e2e-kill', '--yes', '--log-format', 'json']);
    await run.shows('"step-finished"');
    run.child.kill('SIGKILL');
    await run.ended;
    const rest = await tryHaup(['delete', '-c', 'e2e-kill', '--yes']);
    expect([0, 6]).toContain(rest.code);
    expect(await hostState(['e2e-kill'])).toEqual([]);
  });

  // Twenty of them with HAUP_CRASH_FULL=1.
  test.sequential('at seeded moments, is finished by repair, or delete removes all', async () => {
    const random = seeded(20_261_121);
    for (let round = 0; round < (process.env.HAUP_CRASH_FULL === '1' ? 20 : 2); round++) {
      const moment = Math.round(random() * 6000);
      const run = startHaup(['create', '-c', 'e2e-kill', '--log-format', 'json']);
      await run.shows('"plan"');
      await new Promise((resolve) => setTimeout(resolve, moment));
      run.child.kill('SIGKILL');
      await run.ended;
      if (round % 2 === 0) {
        const repaired = await tryHaup(['repair', '-c', 'e2e-kill']);
        if (repaired.code === 6) continue; // killed before the store knew of it: there is nothing to finish
        expect([moment, repaired.code, repaired.code === 0 ? '' : repaired.stderr]).toEqual([moment, 0, '']);
        expect(await status('e2e-kill')).toMatchObject({ converged: true, etcd: { healthy: 1 } });
      }
      const deleted = await tryHaup(['delete', '-c', 'e2e-kill', '--yes']);
      expect([moment, deleted.code === 6 ? 0 : deleted.code]).toEqual([moment, 0]);
      expect([moment, ...(await hostState(['e2e-kill']))]).toEqual([moment]);
    }
  });
});

function servingCertificate(ip: string, port: number): Promise<X509Certificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: ip, port, rejectUnauthorized: false }, () => {
      resolve(new X509Certificate(socket.getPeerCertificate(true).raw));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}
