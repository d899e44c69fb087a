import { describe, expect, test } from 'vitest';
import { whole } from '../support/whole.ts';
import { behindTheBack, stored } from './support/cloud.ts';
import { useClusters } from './support/clusters.ts';
import { haup, startHaup, status, tryHaup } from './support/haup.ts';

/** One cluster, made for one zone, that grows from one replica to three while it is asked for what must not be done. */
const CLUSTER = 'e2e-refuse';
const on = ['-c', CLUSTER];
const FIRST = `${CLUSTER}-master`;
useClusters(CLUSTER);

/** All that a command could have changed: the store, the cloud, etcd's members. The first two are read at once, the last when they have answered. */
async function everything(): Promise<unknown> {
  const store = stored(CLUSTER);
  const [cloud, { replicas }] = await Promise.all([
    behindTheBack(CLUSTER, async ({ machines, address, balancer }) => ({
      machines: (await machines.list()).map(({ name, state }) => [name, state]),
      address: await address.read(),
      targets: (await balancer.read())?.targets.map((target) => target.replica),
    })),
    status(CLUSTER),
  ]);
  return { store, cloud, members: replicas.map(({ name, etcd }) => [name, etcd.id]) };
}

/** A command, why it is refused, and the way out that it names. */
type Refusal = readonly [args: readonly string[], why: RegExp, wayOut: RegExp];

/**
 * Each is refused with exit code 3, the last one's dry run too, and afterwards nothing has changed. To look at what is dead takes seconds:
 * `meanwhile`, which changes nothing, looks at the same time as the test does.
 */
async function expectRefused(
  refusals: readonly Refusal[],
  meanwhile: () => Promise<void> = async () => {},
): Promise<void> {
  const [lastArgs, lastWhy] = refusals.at(-1)!;
  const [before, dry] = await Promise.all([
    everything(),
    tryHaup([lastArgs[0]!, ...on, ...lastArgs.slice(1), '--dry-run']),
  ]);
  expect([dry.code, dry.stdout + dry.stderr]).toEqual([3, expect.stringMatching(lastWhy)]);
  for (const [args, why, wayOut] of refusals) {
    const ended = await tryHaup([args[0]!, ...on, ...args.slice(1)]);
    const said = ended.stderr.slice(ended.stderr.indexOf('haup: ')).split('\n');
    expect([args, ended.code, said[0]]).toEqual([args, 3, expect.stringMatching(why)]);
    expect(said.slice(1).join('\n')).toMatch(wayOut);
  }
  const [after] = await Promise.all([everything(), meanwhile()]);
  expect(after).toEqual(before);
}

async function others(): Promise<string[]> {
  return (await status(CLUSTER)).replicas.map((replica) => replica.name).filter((name) => name !== FIRST);
}

describe('refused with exit code 3, the reason and the way out, and nothing is changed:', () => {
  test('removing the last replica, and a second zone in a cluster that was made for one', async () => {
    await haup('create', ...on, '--zone', 'local-a');
    await expectRefused([
      [['remove-replica', FIRST], /last replica is never removed/, /haup delete/],
      [['remove-replica', '--zone', 'local-a'], /last replica is never removed/, /haup delete/],
      [['add-replica', '--zone', 'local-b'], /made for one zone/, /haup create .*--multizone/],
    ]);
  });

  test('whatever changes the members of two of which one is dead; the one that is stopped can be started again', async () => {
    await haup('add-replica', ...on, '--zone', 'local-a');
    const [second] = await others();
    await haup('fault', ...on, 'power-off', second!);
    const wayOut = new RegExp(`start ${second} again: haup repair -c ${CLUSTER}`);
    await expectRefused([
      [['remove-replica', second!], /no quorum/, wayOut],
      [['replace-replica', second!], /no quorum/, wayOut],
      [['remove-replica', FIRST], /no quorum/, wayOut],
      [['add-replica', '--zone', 'local-a'], /no quorum/, wayOut],
    ]);
    await haup('repair', ...on);
    expect(await status(CLUSTER)).toMatchObject({ converged: true, etcd: { voters: 2, healthy: 2 } });
  });

  test('removing a healthy one of three of which one is dead, and adding one while a voter is dead; replacing it is not', async () => {
    await haup('add-replica', ...on, '--zone', 'local-a');
    const [second, third] = await others();
    await haup('fault', ...on, 'freeze', third!);
    const wayOut = new RegExp(`haup replace-replica -c ${CLUSTER} ${third}`);
    await expectRefused(
      [
        [['remove-replica', second!], /healthy majority before and after/, wayOut],
        [['add-replica', '--zone', 'local-a'], new RegExp(`while ${third} is not healthy`), wayOut],
      ],
      async () => {
        const replacement = await tryHaup(['replace-replica', ...on, third!, '--dry-run']);
        expect([replacement.code, replacement.stderr]).toEqual([0, expect.stringContaining('hangs')]);
      },
    );
    await haup('fault', ...on, 'thaw', third!);
  });

  test.runIf(whole)('removing or abandoning anything when etcd cannot be read', async () => {
    const [second, third] = await others();
    await haup('fault', ...on, 'isolate', second!);
    await haup('fault', ...on, 'isolate', third!);
    await expectRefused([
      [['remove-replica', third!], /no quorum or cannot be reached/, /lost-quorum\.md/],
      [['repair', '--abandon'], /nobody can say who its voters are/, /lost-quorum\.md/],
    ]);
    await haup('fault', ...on, 'heal', second!);
    await haup('fault', ...on, 'heal', third!);
    await haup('repair', ...on);
    expect(await status(CLUSTER)).toMatchObject({ converged: true, etcd: { voters: 3, healthy: 3 } });
  });

  test('a change while another is unfinished; abandoning that one is a way out', async () => {
    const [second] = await others();
    const run = startHaup(['add-replica', ...on, '--zone', 'local-a', '--log-format', 'json']);
    await run.shows(/"step-finished","step":\{"kind":"create-machine"/);
    run.child.kill('SIGKILL');
    await run.ended;
    const changes = [
      ['add-replica', '--zone', 'local-a'],
      ['remove-replica', second!],
      ['replace-replica', second!],
    ];
    await expectRefused(
      changes.map(
        (change): Refusal => [
          change,
          /unfinished change: still to do is/,
          new RegExp(`haup repair -c ${CLUSTER}\\n.*haup repair -c ${CLUSTER} --abandon`),
        ],
      ),
    );
    const after = await others();
    await haup('repair', ...on, '--abandon');
    expect(await status(CLUSTER)).toMatchObject({ converged: true, etcd: { voters: 3, healthy: 3 } });
    expect(after).toEqual(expect.arrayContaining(await others()));
    expect((await others()).length).toBe(2);
  });
});
