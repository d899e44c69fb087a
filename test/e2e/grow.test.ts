import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ApiClient } from '../../src/kubernetes/client.ts';
import { tryExec } from '../../src/util/exec.ts';
import { whole } from '../support/whole.ts';
import { clientsFirst } from './support/clients-first.ts';
import { adminOf, useClusters } from './support/clusters.ts';
import { type ControllerState, controllerStates } from './support/controllers.ts';
import { documentFile } from './support/document.ts';
import { haup, startHaup, status, tryHaup } from './support/haup.ts';
import { hostState } from './support/host.ts';
import { inNetwork } from './support/inside.ts';
import {
  type ClientsReport,
  figuresOf,
  madeByClients,
  prepareForClients,
  startClients,
} from './support/many-clients.ts';

const CLUSTER = 'e2e-grow';
useClusters(CLUSTER);
beforeAll(clientsFirst);

/** One cluster goes through it all; each test begins where the one before it ended. */
describe('a cluster that grows and shrinks', () => {
  let api: ApiClient;
  let ca: string;
  const everythingMade = new Set<string>();

  beforeAll(async () => {
    await haup('create', '-c', CLUSTER, '--zone', 'local-a', '--multizone');
    api = await adminOf(CLUSTER);
    ca = join(await mkdtemp(join(tmpdir(), 'haup-grow-')), 'ca.crt');
    await writeFile(ca, api.caPem);
    await prepareForClients(api);
  });

  /** Runs one command under everybody who might notice, and checks that nobody did. */
  async function unnoticed(what: string, args: string[], beside?: () => Promise<void>): Promise<void> {
    const clients = await startClients(api, what);
    const running = startHaup([...args, '-c', CLUSTER]);
    if (beside) {
      await running.shows('create the machine'); // it has the lock
      await beside();
    }
    const ended = await running.ended;
    const report = await clients.stop();
    for (const key of report.keySet.acknowledged) everythingMade.add(key);
    process.stdout.write(`figure: ${what}: ${figuresOf(report)}\n`);
    expect([ended.code, ended.code === 0 ? '' : ended.stderr]).toEqual([0, '']);
    expectNothingNoticed(report, api.ip);
  }

  /** So many masters are there, serve and vote, nothing is left to do, and all that was ever made is there. */
  async function expectMasters(count: number): Promise<void> {
    const now = await status(CLUSTER);
    const ready = now.replicas.filter(
      (r) => r.machine === 'running' && r.apiServer === 'ready' && r.etcd.healthy,
    );
    expect(ready.length).toBe(count);
    expect(now).toMatchObject({ converged: true, unfinished: [], etcd: { voters: count, healthy: count } });
    expect(now.replicas.length).toBe(count);
    expect(now.apiAddress).toMatchObject({
      ip: api.ip,
      holder: count > 1 ? { kind: 'balancer' } : { kind: 'machine', name: ready[0]!.name },
    });
    if (count > 1) {
      expect(now.loadBalancer!.targets.map((t) => [t.replica, t.health]).sort()).toEqual(
        ready.map((r) => [r.name, 'healthy']).sort(),
      );
    } else expect(now.loadBalancer).toBeNull();
    const names = ready.map((r) => r.name);
    for (const controller of ['kube-controller-manager', 'kube-scheduler'] as const)
      expectOneActive(await controllerStates(CLUSTER, names, controller));
    const there = await madeByClients(api);
    expect([...everythingMade].filter((name) => !there.has(name))).toEqual([]);
  }

  /** curl's exit code for a URL, verified against the cluster's authority: 0, or 60 when the certificate is not for it. */
  async function verifies(machine: string, url: string): Promise<number> {
    const port = api.port;
    const to = ['--connect-to', `${new URL(url).hostname}:${port}:${machine}:${port}`];
    const ended = await inNetwork(
      CLUSTER,
      'curl',
      '-sS',
      '-m',
      '5',
      '-o',
      '/dev/null',
      '--cacert',
      ca,
      ...to,
      url,
    );
    return ended.code;
  }

  /** Each replica proves who it is at its internal IP and at the API address, and not at an ephemeral external IP. */
  async function expectCertificates(): Promise<void> {
    for (const { internalIp, externalIp } of (await status(CLUSTER)).replicas) {
      expect(await verifies(internalIp!, `https://${internalIp}:${api.port}/readyz`)).toBe(0);
      expect(await verifies(internalIp!, `https://${api.ip}:${api.port}/readyz`)).toBe(0);
      if (externalIp === api.ip) continue;
      const url = `https://${externalIp}:${api.port}/readyz`;
      const refused = await tryExec('curl', ['-sS', '-m', '5', '--cacert', ca, url]);
      expect([refused.code, refused.stderr]).toEqual([60, expect.stringContaining(externalIp!)]);
      expect((await tryExec('curl', ['-sSk', '-m', '5', url])).stdout).toBe('ok');
    }
  }

  /** A document for `haup apply` that gives the API servers these arguments. */
  const documentWith = (apiServer: Record<string, string>, more: object = {}): Promise<string> =>
    documentFile({ extraArguments: { apiServer }, ...more });

  /** One of each kind that API servers read as they start. */
  const settings = {
    featureGates: { apiServer: { WatchList: true } },
    authentication: {
      jwt: [
        {
          issuer: { url: 'https://issuer.example.org', audiences: ['demo'] },
          claimMappings: { username: { claim: 'email', prefix: 'oidc:' } },
        },
      ],
    },
    auditPolicy: { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', rules: [{ level: 'Metadata' }] },
    admission: {
      plugins: [
        {
          name: 'PodSecurity',
          configuration: {
            apiVersion: 'pod-security.admission.config.k8s.io/v1',
            kind: 'PodSecurityConfiguration',
            defaults: { enforce: 'baseline', 'enforce-version': 'latest' },
          },
        },
      ],
    },
  };

  /** No API server starts with these: one is tried and put back, and the others run on as they did. */
  async function expectPutBack(apiServer: Record<string, string>): Promise<void> {
    const started = async () => {
      const { replicas } = await status(CLUSTER);
      const ask = 'systemctl show -p ActiveEnterTimestampMonotonic kube-apiserver';
      return Promise.all(replicas.map(({ name }) => haup('ssh', '-c', CLUSTER, name, '--', ask)));
    };
    const before = await started();
    const ended = await tryHaup(['apply', '-c', CLUSTER, '-f', await documentWith(apiServer)]);
    expect([ended.code, ended.stderr]).toEqual([5, expect.stringContaining('/no/such/file')]);
    expect(ended.stderr).toContain('was put back, the others were never touched');
    const after = await started();
    expect(after.filter((time) => !before.includes(time)).length).toBe(1);
    expect(JSON.parse(await haup('config', 'show', '-c', CLUSTER, '-o', 'json'))).toMatchObject({
      extraArguments: { apiServer: { v: '1' } },
    });
  }

  async function zones(): Promise<string[]> {
    return (await status(CLUSTER)).replicas.map((r) => r.zone).sort();
  }

  test.runIf(whole)('two are added and two removed in one zone', async () => {
    await expectMasters(1);
    await expectCertificates();
    await unnoticed('1-to-2', ['add-replica', '--zone', 'local-a'], async () => {
      const second = await tryHaup(['remove-replica', '-c', CLUSTER, '--zone', 'local-a']);
      expect([second.code, second.stderr]).toEqual([4, expect.stringContaining('add-replica')]);
    });
    await expectMasters(2);
    await expectCertificates();
    await unnoticed('2-to-3', ['add-replica', '--zone', 'local-a']);
    await expectMasters(3);
    expect(await zones()).toEqual(['local-a', 'local-a', 'local-a']);
    await unnoticed('3-to-2', ['remove-replica', '--zone', 'local-a']);
    await expectMasters(2);
    await unnoticed('2-to-1', ['remove-replica', '--zone', 'local-a']);
    await expectMasters(1);
    await expectCertificates();
  });

  test('two are added and two removed over three zones', async () => {
    await unnoticed('1-to-2-zones', ['add-replica', '--zone', 'local-b']);
    await expectMasters(2);
    await unnoticed('2-to-3-zones', ['add-replica', '--zone', 'local-c']);
    await expectMasters(3);
    expect(await zones()).toEqual(['local-a', 'local-b', 'local-c']);
    const { replicas } = await status(CLUSTER);
    await unnoticed('3-to-2-zones', ['remove-replica', replicas.find((r) => r.zone === 'local-a')!.name]);
    await expectMasters(2);
    await unnoticed('2-to-1-zone', ['remove-replica', '--zone', 'local-c']);
    await expectMasters(1);
    expect(await zones()).toEqual(['local-b']);
  });

  test('one becomes three as one operation, five, three again, and one', async () => {
    await unnoticed('1-to-3', ['add-replica', '--zones', 'local-a,local-c']);
    await expectMasters(3);
    await expectCertificates();
    await unnoticed('another-argument', ['apply', '-f', await documentWith({ v: '1' }, settings)]);
    await expectMasters(3);
    if (whole) await expectPutBack({ v: '1', 'audit-webhook-config-file': '/no/such/file' });
    await expectMasters(3);
    await unnoticed('3-to-5', ['add-replica', '--zones', 'local-a,local-b']);
    await expectMasters(5);
    await unnoticed('5-to-3', ['remove-replica', '--count', '2']);
    await expectMasters(3);
    expect(await zones()).toEqual(['local-a', 'local-b', 'local-c']);
    await unnoticed('3-to-1', ['remove-replica', '--count', '2']);
    await expectMasters(1);
  });

  test('nothing is left of it after delete', async () => {
    await haup('delete', '-c', CLUSTER, '--yes');
    expect(await hostState([CLUSTER])).toEqual([]);
  });
});

function expectNothingNoticed(report: ClientsReport, apiIp: string): void {
  expect(report.newConnections.failures).toEqual([]);
  expect(report.newConnections.requests).toBeGreaterThan(100);
  expect(report.keptAlive).toMatchObject({ failures: [], cut: 0 });
  expect(report.counter).toMatchObject({ failures: [], violations: [] });
  expect(report.counter.increments).toBeGreaterThan(5);
  expect(report.keySet).toMatchObject({ failures: [], violations: [], unseen: [] });
  expect(report.endpoints).toEqual([`endpoints ${apiIp} slices ${apiIp}`]);
}

function expectOneActive(states: readonly ControllerState[]): void {
  expect(states.filter((state) => !state.running)).toEqual([]);
  expect(states.filter((state) => state.active).length).toBe(1);
}
