import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type ApiClient, callApi } from '../../src/kubernetes/client.ts';
import { behindTheBack } from './support/cloud.ts';
import { adminOf, useClusters } from './support/clusters.ts';
import { haup, status } from './support/haup.ts';
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
    expect(output('4')).toContain(`deleted ${name}`);
    expect(output('5')).not.toContain(name);
    await expectThree();
  });

  test('lost-quorum.md helps when two of three are lost for good, one machine deleted, one disk emptied', async () => {
    const { replicas } = await status(CLUSTER);
    const [, deleted, emptied] = replicas.map((replica) => replica.name);
    await behindTheBack(CLUSTER, (cloud) => cloud.machines.delete(deleted!));
    await haup('fault', '-c', CLUSTER, 'wipe-disk', emptied!);
    const blocks = blocksOf('lost-quorum.md');
    const runs = await follow(
      blocks,
      { CLUSTER, SURVIVORS: FIRST, SURVIVOR: FIRST, ZONES: 'local-b,local-c' },
      { '2. Bring back what can be brought back': 3 },
    );
    expect([...runs.keys()].map((heading) => heading[0])).toEqual('123456789'.split(''));
    const output = (step: string): string =>
      [...runs].find(([heading]) => heading.startsWith(step))![1].output;
    expect(output('1')).toContain('no quorum');
    expect(output('2')).toContain('etcd has no quorum');
    expect(output('3')).toMatch(/RAFT APPLIED INDEX/);
    expect(output('5')).toContain('etcd/member/snap/db');
    expect(output('6').match(/started/g)).toHaveLength(1);
    expect(output('7')).toContain(`delete the machine ${emptied}`);
    expect(output('7')).not.toContain('create the machine');
    await expectThree();
    expect((await status(CLUSTER)).replicas.map((replica) => replica.name)).toContain(FIRST);
    await make('/api/v1/namespaces', 'afterwards');
  });

  test('have no command that the tests do not run', () => {
    for (const runbook of ['replace-failed-replica.md', 'lost-quorum.md']) {
      const scripts = blocksOf(runbook).map((block) => block.script);
      expect(scripts.length).toBeGreaterThan(4);
      for (const script of scripts) expect(script).toMatch(/haup /);
    }
  });
});
