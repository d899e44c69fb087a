import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ApiClient, callApi } from '../../src/kubernetes/client.ts';
import { waitFor } from '../../src/util/wait.ts';
import { whole } from '../support/whole.ts';
import { behindTheBack } from './support/cloud.ts';
import { adminOf, useClusters } from './support/clusters.ts';
import { haup, status, tryHaup } from './support/haup.ts';
import { onMachine } from './support/inside.ts';
import { killedAfterSteps, unharmed } from './support/relay.ts';
import { type Block, blocksOf, OperatorShell, type Ran } from './support/runbook.ts';

/** The runbooks, word for word, on masters that are really lost. */
const CLUSTER = 'e2e-runbook';
const FIRST = `${CLUSTER}-master`;
useClusters(CLUSTER);

let api: ApiClient;
let shell: OperatorShell | undefined;

beforeAll(async () => {
  await haup('create', '-c', CLUSTER, '--zones', 'local-a,local-b,local-c', '--multizone');
  api = await adminOf(CLUSTER);
  await make('/api/v1/namespaces', 'keepsake');
});

afterEach(() => shell?.close());

async function make(path: string, name: string): Promise<void> {
  const made = await callApi(api, { method: 'POST', path, body: { metadata: { name } }, timeoutMs: 10_000 });
  expect(made.status).toBe(201);
}

async function expectThree(): Promise<void> {
  expect(await status(CLUSTER)).toMatchObject({
    converged: true,
    warnings: [],
    etcd: { voters: 3, healthy: 3, failuresTolerated: 1 },
    apiAddress: { ip: api.ip, holder: { kind: 'balancer' } },
  });
  const kept = await callApi(api, { path: '/api/v1/namespaces/keepsake', timeoutMs: 10_000 });
  expect(kept.status).toBe(200);
}

/** Runs one block after the other. Each must end with 0, or as `codes` says for its heading. */
async function follow(
  blocks: readonly Block[],
  variables: Readonly<Record<string, string>>,
  codes: Readonly<Record<string, number>> = {},
): Promise<Map<string, Ran>> {
  shell = new OperatorShell(variables);
  const runs = new Map<string, Ran>();
  for (const { heading, script } of blocks) {
    const ran = await shell.run(script);
    const code = codes[heading] ?? 0;
    expect([heading, ran.code, ran.code === code ? '' : ran.output]).toEqual([heading, code, '']);
    runs.set(heading, { code, output: (runs.get(heading)?.output ?? '') + ran.output });
  }
  return runs;
}

describe('the runbooks', () => {
  test.runIf(whole)('compromised-master.md takes from a thief all that he has taken', async () => {
    const name = (await status(CLUSTER)).replicas.at(-1)!.name;
    const before = api;
    const runs = await follow(blocksOf('compromised-master.md'), { CLUSTER, NAME: name });
    expect([...runs.keys()].map((heading) => heading[0])).toEqual(['1', '2', '3']);
    await expect(callApi(before, { path: '/readyz', timeoutMs: 10_000 })).rejects.toThrow();
    api = await adminOf(CLUSTER);
    await expectThree();
    const now = await status(CLUSTER);
    expect(now.rotations).toEqual([]);
    expect(now.replicas.map((replica) => replica.name)).not.toContain(name);
    for (const { certificates } of now.replicas)
      expect(certificates.filter(({ issuer }) => !issuer.endsWith('-2'))).toEqual([]);
  });

  test('replace-failed-replica.md helps when a replica has lost its disk', async () => {
    const name = (await status(CLUSTER)).replicas.find((replica) => replica.zone === 'local-b')!.name;
    await haup('fault', '-c', CLUSTER, 'wipe-disk', name);
    const blocks = blocksOf('replace-failed-replica.md');
    const runs = await follow(blocks, { CLUSTER, NAME: name });
    expect([...runs.keys()].map((heading) => heading[0])).toEqual(['1', '2', '3', '4', '5']);
    const output = (step: string): string =>
      [...runs].find(([heading]) => heading.startsWith(step))![1].output;
    expect(output('1')).toContain(`${name}: its machine has another SSH host key`);
    expect(output('2')).toContain(`${name}: its machine has another SSH host key`);
    expect(output('3')).toContain('nothing was changed');
    expect(output('4')).toContain('another SSH host key: its disk has been emptied');
    expect(output('4')).toContain(`deleted ${name}`);
    expect(output('5')).not.toContain(name);
    await expectThree();
  });

  test.runIf(whole)(
    'lost-quorum.md, by hand, helps when two of three are lost for good, one machine deleted, one disk emptied',
    async () => {
      const { replicas } = await status(CLUSTER);
      const [, deleted, emptied] = replicas.map((replica) => replica.name);
      await behindTheBack(CLUSTER, (cloud) => cloud.machines.delete(deleted!));
      await haup('fault', '-c', CLUSTER, 'wipe-disk', emptied!);
      const blocks = blocksOf('lost-quorum.md').filter(({ heading }) => /^A\d/.test(heading));
      const runs = await follow(
        blocks,
        { CLUSTER, SURVIVORS: FIRST, SURVIVOR: FIRST, ZONES: 'local-b,local-c' },
        { 'A1. Bring back what can be brought back': 3 },
      );
      expect([...runs.keys()].map((heading) => heading[1])).toEqual('12345678'.split(''));
      const output = (step: string): string =>
        [...runs].find(([heading]) => heading.startsWith(step))![1].output;
      expect(output('A1')).toContain('etcd has no quorum');
      expect(output('A2')).toMatch(/RAFT APPLIED INDEX/);
      expect(output('A4')).toContain('etcd/member/snap/db');
      expect(output('A5').match(/started/g)).toHaveLength(1);
      expect(output('A6')).toContain(`delete the machine ${emptied}`);
      expect(output('A6')).not.toContain('create the machine');
      await expectThree();
      expect((await status(CLUSTER)).replicas.map((replica) => replica.name)).toContain(FIRST);
      await make('/api/v1/namespaces', 'afterwards');
    },
  );

  test('lost-quorum.md helps with one command, which is killed, while the machines that were lost are switched on again', async () => {
    await make('/api/v1/namespaces', 'just-before');
    const { replicas } = await status(CLUSTER);
    const lost = replicas.map(({ name }) => name).filter((name) => name !== FIRST);
    for (const name of lost) await haup('fault', '-c', CLUSTER, 'power-off', name);
    const FENCED = lost.map((name) => `--fenced ${name}`).join(' ');
    const [look, plan, rescue] = blocksOf('lost-quorum.md').filter(({ heading }) => /^\d/.test(heading));
    const runs = await follow([look!, plan!], { CLUSTER, FENCED });
    const [looked, planned] = [...runs.values()].map(({ output }) => output);
    expect(looked).toContain('no quorum');
    expect(planned).toContain(`make ${FIRST} a cluster of one`);
    expect(planned).toMatch(/accepted after 20\S+Z are lost for ever/);

    // What is asked for nowhere is not given up; what can be started is, and then nothing else would be done.
    expect((await tryHaup(['rescue', '-c', CLUSTER, ...FENCED.split(' ')])).code).toBe(2);
    const kept = await haup('rescue', '-c', CLUSTER, '--dry-run');
    expect(kept).toContain(`start the machine ${lost[0]}`);
    expect(kept).not.toContain('cluster of one');

    const killed = await killedAfterSteps(['rescue', '-c', CLUSTER, ...FENCED.split(' '), '--yes']);
    expect(killed.killed).toBe(true);
    for (const name of lost) await haup('fault', '-c', CLUSTER, 'power-on', name);
    for (const name of lost) {
      await waitFor(
        async () => {
          const { stdout } = await onMachine(CLUSTER, name, 'journalctl -q -u etcd -b -o cat --no-pager');
          return /has been (permanently )?removed/.test(stdout) || undefined;
        },
        { what: `the etcd of ${name} to hear that it was removed`, timeoutMs: 120_000 },
      );
    }
    expect((await killedAfterSteps(['repair', '-c', CLUSTER])).killed).toBe(true);
    expect((await unharmed(['repair', '-c', CLUSTER])).result.code).toBe(0);
    await expectThree();
    const seen = await callApi(api, { path: '/api/v1/namespaces/just-before', timeoutMs: 10_000 });
    expect(seen.status).toBe(200);
    expect((await status(CLUSTER)).replicas.map(({ name }) => name)).not.toContain(lost[0]);
    // Done again, word for word, there is nothing to rescue.
    const again = await follow([rescue!], { CLUSTER, FENCED: '' }, { '2. Rescue': 0 });
    expect([...again.values()][0]!.output).toContain('there is nothing to rescue');
  });

  test('have no command that the tests do not run', () => {
    for (const runbook of ['replace-failed-replica.md', 'lost-quorum.md']) {
      const scripts = blocksOf(runbook).map((block) => block.script);
      expect(scripts.length).toBeGreaterThan(4);
      for (const script of scripts) expect(script).toMatch(/haup /);
    }
  });
});
