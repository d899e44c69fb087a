import { expect, test } from 'vitest';
import type { Member } from '../../../../src/federation/controller/member.ts';
import { openMembership } from '../../../../src/federation/controller/membership.ts';
import type { Mirror } from '../../../../src/federation/controller/mirror.ts';
import { CLUSTERS_API, NAMESPACE } from '../../../../src/federation/model/names.ts';
import type { ApiObject } from '../../../../src/federation/model/object.ts';

const secret: ApiObject = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } };

function mirrorOf(all: () => readonly ApiObject[], key: (object: ApiObject) => string): Mirror {
  const get = (name: string) => all().find((object) => key(object) === name) ?? null;
  return { get, all, isWhole: () => true } as Partial<Mirror> as Mirror;
}

/** A federation whose one Cluster changes as a test wants, and whose members leave when it says so. */
function world() {
  let cluster: ApiObject = {
    ...{ apiVersion: CLUSTERS_API, kind: 'Cluster' },
    ...{ metadata: { name: 'a' }, spec: spec('eu-1') },
  };
  const leaving: (() => void)[] = [];
  const out: string[] = [];
  const membership = openMembership({
    clusters: mirrorOf(
      () => [cluster],
      ({ metadata }) => metadata.name,
    ),
    secrets: mirrorOf(
      () => [secret],
      ({ metadata }) => `${NAMESPACE}/${metadata.name}`,
    ),
    open: ({ name }) => ({ name, leave: () => new Promise<void>((end) => leaving.push(end)) }) as Member,
    onChange: () => {},
    onOut: (name) => out.push(name),
    log: () => {},
  });
  membership.sync();
  return {
    ...{ membership, leaving, out },
    change(more: object) {
      cluster = { ...cluster, spec: { ...cluster.spec, ...more } };
      membership.sync();
    },
  };
}

function spec(zone: string) {
  return { server: 'https://198.18.0.10', caBundle: 'x', secretName: 'a', region: 'eu', zone };
}

test('a member that leaves is out once nothing is under way in it', async () => {
  const { membership, leaving, out, change } = world();
  change({ leaving: true });
  expect([membership.isOut('a'), out]).toEqual([false, []]);
  leaving[0]!();
  await Promise.resolve();
  expect([membership.isOut('a'), out]).toEqual([true, ['a']]);
});

test('one that was changed before it leaves is out once nothing is under way as what it was, either', async () => {
  const { membership, leaving, out, change } = world();
  change(spec('eu-2'));
  change({ leaving: true });
  leaving[0]!();
  await Promise.resolve();
  expect([membership.isOut('a'), out]).toEqual([false, []]);
  leaving[1]!();
  await Promise.resolve();
  expect([membership.isOut('a'), out]).toEqual([true, ['a']]);
});
