import { beforeAll, describe, expect, test } from 'vitest';
import { type ApiClient, callApi } from '../../src/kubernetes/client.ts';
import { uplinkName } from '../../src/providers/local/fabric/fabric.ts';
import { exec } from '../../src/util/exec.ts';
import { waitFor } from '../../src/util/wait.ts';
import { behindTheBack, specOf } from './support/cloud.ts';
import { adminOf, useClusters } from './support/clusters.ts';
import { haup, startHaup, status, tryHaup } from './support/haup.ts';
import { clusterKey, inNetwork, onMachine } from './support/inside.ts';
import { expectBackAfterReboot } from './support/reboot.ts';

/** What crashes and strangers leave behind, made for real. `haup repair` heals each, without a word more. */
const THREE = 'e2e-heal';
const LATE = 'e2e-late';
useClusters(THREE, LATE);

const apis = new Map<string, ApiClient>();

beforeAll(async () => {
  await Promise.all([
    haup('create', '-c', THREE, '--zones', 'local-a,local-b,local-c', '--multizone'),
    haup('create', '-c', LATE, '--zone', 'local-a'),
  ]);
  for (const cluster of [THREE, LATE]) apis.set(cluster, await adminOf(cluster));
});

/** Runs haup and kills it as soon as a step of this kind is done. */
async function cutOffAfter(kind: string, ...args: string[]): Promise<void> {
  const run = startHaup([...args, '--log-format', 'json']);
  await run.shows(new RegExp(`"step-finished","step":\\{"kind":"${kind}"`));
  run.child.kill('SIGKILL');
  expect((await run.ended).signal).toBe('SIGKILL');
}

/** What is always said of two replicas in one zone. */
const TWO_IN_ONE_ZONE = ['two replicas are worse than one', 'all replicas are in local-a'];

async function expectHealed(cluster: string, voters: number): Promise<void> {
  await haup('repair', '-c', cluster);
  expect(await status(cluster)).toMatchObject({
    converged: true,
    unfinished: [],
    warnings: voters === 3 ? [] : TWO_IN_ONE_ZONE.map((words) => expect.stringContaining(words)),
    etcd: { voters, learners: 0, healthy: voters },
    apiAddress: { ip: apis.get(cluster)!.ip, holder: { kind: 'balancer' } },
  });
  await waitFor(async () => (await answers(cluster)) || undefined, {
    what: 'the API at its address',
    timeoutMs: 10_000,
  });
}

async function answers(cluster: string): Promise<boolean> {
  const api = apis.get(cluster)!;
  const answer = await callApi(api, { path: '/api/v1/namespaces/default', timeoutMs: 2000 }).catch(
    () => null,
  );
  return answer?.status === 200;
}

const ETCDCTL = `/opt/haup/bin/etcdctl --endpoints https://127.0.0.1:2379 --cacert /etc/haup/current/pki/etcd/ca.crt \
  --cert /etc/haup/current/pki/etcd/client.crt --key /etc/haup/current/pki/etcd/client.key`;

/** To every health check it looks like an API server. Code 0 once it does; to be asked again until then, as the machine boots. */
const ANSWER_EVERYTHING = `cd /root
  [ -e crt ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=stranger -keyout key -out crt
  systemctl is-active -q stranger ||
    systemd-run --unit=stranger openssl s_server -accept 443 -key /root/key -cert /root/crt -www
  timeout 2 openssl s_client -connect 127.0.0.1:443 </dev/null`;

/** Makes this replica's member etcd's leader. */
async function lead(name: string): Promise<void> {
  const { replicas } = await status(THREE);
  const now = replicas.find((replica) => replica.etcd.role === 'leader')!.name;
  if (now === name) return;
  const id = BigInt(replicas.find((replica) => replica.name === name)!.etcd.id!).toString(16);
  const moved = await onMachine(THREE, now, `${ETCDCTL} move-leader ${id}`);
  expect(moved.stdout).toContain('Leadership transferred');
}

// The two clusters' stories run side by side.
describe.concurrent('of three replicas, haup repair heals', () => {
  test.sequential('a member that never started and never will: nobody has its address', async () => {
    const added = await onMachine(
      THREE,
      `${THREE}-master`,
      `${ETCDCTL} member add stranger --peer-urls=https://10.128.3.250:2380`,
    );
    expect(added.stdout).toContain('added to cluster');
    const before = await status(THREE);
    expect(before).toMatchObject({ converged: false, etcd: { voters: 4, healthy: 3 } });
    expect(before.replicas.filter((replica) => replica.etcd.role === 'unstarted')).toHaveLength(1);
    await expectHealed(THREE, 3);
  });

  // Silence where the newcomer asks: of whom it asks first, and of who leads.
  test.sequential.for(['a follower', 'the leader'] as const)(
    "a newcomer whose member never started, and its predecessor's member, %s, whose machine vanished",
    async (predecessor) => {
      const { replicas } = await status(THREE);
      const old = replicas.find((replica) => replica.zone === 'local-b')!.name;
      const other = replicas.find((replica) => replica.zone === 'local-c')!.name;
      await lead(predecessor === 'the leader' ? old : other);
      await cutOffAfter('add-learner', 'replace-replica', '-c', THREE, old);
      await behindTheBack(THREE, (cloud) => cloud.machines.delete(old));
      const before = await status(THREE);
      expect(before.converged).toBe(false);
      expect(before.replicas).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ name: old, machine: 'missing' }),
          expect.objectContaining({
            zone: 'local-b',
            etcd: expect.objectContaining({ role: 'unstarted' }),
          }),
        ]),
      );
      await expectHealed(THREE, 3);
      const after = (await status(THREE)).replicas.map((replica) => replica.name);
      expect(after).not.toContain(old);
      const newcomer = after.find((name) => !replicas.some((replica) => replica.name === name))!;
      const log = await onMachine(THREE, newcomer, 'journalctl -u etcd -o cat --no-pager');
      // Once, and perhaps once more with its first snapshot: it is not disturbed while it asks who is silent.
      expect(log.stdout.match(/^Starting etcd/gm)!.length).toBeLessThanOrEqual(2);
    },
  );

  test.sequential('a machine that nobody ordered, which is even a target of the load balancer', async () => {
    const targets = (await status(THREE)).replicas.map((replica) => replica.name);
    // One that has left: a name that was never given would be a newer store's, and nothing would be changed.
    const orphan = specOf(THREE).usedNames.find((name) => !targets.includes(name))!;
    await behindTheBack(THREE, async (cloud) => {
      await cloud.machines.create({
        name: orphan,
        role: 'master',
        zone: 'local-c',
        bootScript: '#!/bin/sh\n',
        requestToken: 'an orphan',
      });
      await waitFor(async () => (await onMachine(THREE, orphan, ANSWER_EVERYTHING)).code === 0 || undefined, {
        what: `${orphan} to answer everything`,
        timeoutMs: 60_000,
      });
      await cloud.balancer.setTargets([...targets, orphan]);
    });
    const before = await status(THREE);
    expect(before.converged).toBe(false);
    expect(before.warnings).toEqual(
      expect.arrayContaining([
        `${orphan}: a machine that is to leave`,
        `${orphan}: a target of the load balancer that should not be there`,
      ]),
    );
    await expectHealed(THREE, 3);
    const after = await status(THREE);
    expect(after.loadBalancer!.targets.map((target) => target.replica)).toEqual(targets.toSorted());
    expect(after.replicas).toHaveLength(3);
  });

  test.sequential('a network half of which is gone: its rules, or its way to the host', async () => {
    expect((await inNetwork(THREE, 'nft', 'delete', 'table', 'ip', 'haup')).code).toBe(0);
    expect(await answers(THREE)).toBe(false);
    await expectHealed(THREE, 3);
    await exec('ip', ['link', 'delete', uplinkName(clusterKey(THREE))]);
    expect(await answers(THREE)).toBe(false);
    await expectHealed(THREE, 3);
  });

  test.sequential('a reboot of the host, after which nothing of them runs: they are back at the same address and with their data', async () => {
    await expectBackAfterReboot(THREE);
  });
});

describe.concurrent('of one replica, and of the two that it becomes, haup repair heals', () => {
  test.sequential('a learner that never catches up: it is taken out, and then joins anew', async () => {
    await cutOffAfter('start-etcd', 'add-replica', '-c', LATE, '--zone', 'local-a');
    const learner = (await status(LATE)).replicas.find((replica) => replica.etcd.role === 'learner')!.name;
    await onMachine(LATE, learner, 'systemctl kill -s STOP etcd');
    const first = await tryHaup(['repair', '-c', LATE]);
    expect([first.code, first.stderr]).toEqual([
      5,
      expect.stringContaining(`${learner} did not catch up and was taken out of etcd again`),
    ]);
    expect(await status(LATE)).toMatchObject({
      converged: false,
      etcd: { voters: 1, learners: 0, healthy: 1 },
    });
    await haup('repair', '-c', LATE);
    expect(await status(LATE)).toMatchObject({ converged: true, etcd: { voters: 2, healthy: 2 } });
  });

  test.sequential('an address that nobody holds, because its load balancer was deleted', async () => {
    await behindTheBack(LATE, (cloud) => cloud.balancer.delete());
    expect(await status(LATE)).toMatchObject({
      converged: false,
      loadBalancer: null,
      apiAddress: { holder: { kind: 'nobody' } },
    });
    expect(await answers(LATE)).toBe(false);
    await expectHealed(LATE, 2);
  });
});
