import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ApiClient } from '../../src/kubernetes/client.ts';
import { tryExec } from '../../src/util/exec.ts';
import { whole } from '../support/whole.ts';
import { clientsFirst } from './support/clients-first.ts';
import { useClusters } from './support/clusters.ts';
import { documentFile } from './support/document.ts';
import { haup, startHaup, status, tryHaup } from './support/haup.ts';
import { hostState } from './support/host.ts';
import { inNetwork } from './support/inside.ts';
import { type UsedCluster, useCluster } from './support/used-cluster.ts';

const CLUSTER = 'e2e-grow';
useClusters(CLUSTER);
beforeAll(clientsFirst);

/** One cluster goes through it all; each test begins where the one before it ended. */
describe('a cluster that grows and shrinks', () => {
  let used: UsedCluster;
  let api: ApiClient;
  let ca: string;

  beforeAll(async () => {
    await haup('create', '-c', CLUSTER, '--zone', 'local-a', '--multizone');
    used = await useCluster(CLUSTER);
    api = used.api;
    ca = join(await mkdtemp(join(tmpdir(), 'haup-grow-')), 'ca.crt');
    await writeFile(ca, api.caPem);
  });

  const unnoticed = (what: string, args: readonly string[], beside?: () => Promise<void>) =>
    used.unnoticed(what, () => startHaup([...args, '-c', CLUSTER]), beside);
  const expectMasters = (count: number) => used.expectMasters(count);

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

  // CI has kube-up.test.ts for it, whose drop-ins say the same to haup.
  test.runIf(whole)('two are added and two removed over three zones', async () => {
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

  test('one becomes three as one operation, takes other arguments, and becomes one again without its first', async () => {
    const [here] = await zones();
    const others = ['local-a', 'local-b', 'local-c'].filter((zone) => zone !== here);
    await unnoticed('1-to-3', ['add-replica', '--zones', others.join()]);
    await expectMasters(3);
    expect(await zones()).toEqual(['local-a', 'local-b', 'local-c']);
    await expectCertificates();
    await unnoticed('another-argument', ['apply', '-f', await documentWith({ v: '1' }, settings)]);
    await expectMasters(3);
    if (whole) {
      await expectPutBack({ v: '1', 'audit-webhook-config-file': '/no/such/file' });
      await expectMasters(3);
    }
    // By their names, and the one that has been there the longest is one of them: soak.test.ts and crash.test.ts leave the choice to haup.
    const [first, second] = (await status(CLUSTER)).replicas;
    await unnoticed('3-to-1', ['remove-replica', first!.name, second!.name]);
    await expectMasters(1);
  });

  test('nothing is left of it after delete', async () => {
    await haup('delete', '-c', CLUSTER, '--yes');
    expect(await hostState([CLUSTER])).toEqual([]);
  });
});
