import { describe, expect, test } from 'vitest';
import type { Refusal } from '../../../../src/cluster/model/errors.ts';
import { revisable } from '../../../../src/cluster/model/spec.ts';
import { compareVersions } from '../../../../src/cluster/model/versions.ts';
import {
  emulatedMinor,
  finalized,
  kubeletsApart,
  kubeletsRefuse,
  rolledBack,
  upgraded,
} from '../../../../src/cluster/plan/upgrade.ts';
import { specOf } from '../../../support/clusters.ts';

const old = specOf(['m0'], { kubernetesVersion: 'v1.36.4', etcdVersion: 'v3.6.16' });
const upgradedOnce = { ...old, ...upgraded(old, { kubernetesVersion: 'v1.37.1' }) };

describe('an upgrade', () => {
  test('to the next minor can go back until it is finalized, and behaves like the old minor till then', () => {
    expect(upgradedOnce).toMatchObject({
      kubernetesVersion: 'v1.37.1',
      etcdVersion: 'v3.6.16',
      wayBack: { kubernetesVersion: 'v1.36.4', etcdVersion: 'v3.6.16' },
    });
    expect(emulatedMinor(upgradedOnce)).toBe('1.36');
    expect(rolledBack(upgradedOnce)).toEqual(revisable(old));
    expect(finalized(upgradedOnce)).not.toHaveProperty('wayBack');
    expect(finalized(old)).toBeUndefined();
  });

  test('to a patch release behaves like nothing older', () => {
    const patched = { ...old, ...upgraded(old, { kubernetesVersion: 'v1.36.9' }) };
    expect(patched.wayBack).toMatchObject({ kubernetesVersion: 'v1.36.4' });
    expect(emulatedMinor(patched)).toBeNull();
    const further = upgraded({ ...upgradedOnce }, { kubernetesVersion: 'v1.37.2' });
    expect(further!.wayBack).toMatchObject({ kubernetesVersion: 'v1.36.4' });
  });

  test('goes back to the version that it came from, and no further', () => {
    const patched = { ...old, ...upgraded(old, { kubernetesVersion: 'v1.36.9' }) };
    const further = { ...patched, ...upgraded(patched, { kubernetesVersion: 'v1.37.1' }) };
    expect(further.wayBack).toEqual({ kubernetesVersion: 'v1.36.9', etcdVersion: 'v3.6.16' });
    expect(rolledBack(further)).toMatchObject({ kubernetesVersion: 'v1.36.9' });
    const etcd = { ...patched, ...upgraded(patched, { etcdVersion: 'v3.6.17' }) };
    expect(etcd.wayBack).toEqual({ kubernetesVersion: 'v1.36.9', etcdVersion: 'v3.6.16' });
  });

  test('to what is there is none', () => {
    expect(upgraded(old, { kubernetesVersion: 'v1.36.4' })).toBeUndefined();
    expect(upgraded(old, {})).toBeUndefined();
  });

  test.each([
    [
      'a skipped minor',
      specOf(['m0'], { kubernetesVersion: 'v1.35.8' }),
      { kubernetesVersion: 'v1.37.1' },
      'one minor at a time',
    ],
    ['an older version', upgradedOnce, { kubernetesVersion: 'v1.36.4' }, 'is older than'],
    ['an older etcd', upgradedOnce, { etcdVersion: 'v3.6.15' }, 'is older than'],
    [
      'another minor on top of one that is not finalized',
      {
        ...upgradedOnce,
        kubernetesVersion: 'v1.36.9',
        wayBack: { kubernetesVersion: 'v1.35.8', etcdVersion: 'v3.6.16' },
      },
      { kubernetesVersion: 'v1.37.1' },
      'can still go back',
    ],
    [
      "etcd's minor together with Kubernetes'",
      old,
      { kubernetesVersion: 'v1.37.1', etcdVersion: 'v3.7.3' },
      'a step of its own',
    ],
    [
      "etcd's minor before the upgrade is finalized",
      upgradedOnce,
      { etcdVersion: 'v3.7.3' },
      'a step of its own',
    ],
    [
      "etcd's minor from a release that is too old",
      { ...old, etcdVersion: 'v3.6.10' },
      { etcdVersion: 'v3.7.3' },
      'before it is v3.6.11',
    ],
  ])('is refused: %s', (_, spec, wish, words) => {
    expect(() => upgraded(spec, wish)).toThrow(words);
  });

  test("etcd's minor comes from v3.6.11 on", () => {
    const just = { ...old, etcdVersion: 'v3.6.11' };
    expect(upgraded(just, { etcdVersion: 'v3.7.3' })).toMatchObject({ etcdVersion: 'v3.7.3' });
  });

  test("etcd's minor has no way back", () => {
    expect(upgraded(old, { etcdVersion: 'v3.7.3' })).toEqual({ ...revisable(old), etcdVersion: 'v3.7.3' });
    expect(() => rolledBack(old)).toThrow('no upgrade to go back from');
  });

  test('counts kubelets that are too old, or newer', () => {
    const nodes = ['v1.34.1', 'v1.33.9', 'v1.38.0', null].map((version) => ({
      name: `n-${version}`,
      version,
    }));
    expect(kubeletsApart('v1.37.1', nodes)).toEqual(['n-v1.33.9 (v1.33.9)', 'n-v1.38.0 (v1.38.0)']);
    const fit = ['v1.37.9', 'v1.37.1', 'devel'].map((version) => ({ name: 'n', version }));
    expect(kubeletsApart('v1.37.1', fit)).toEqual([]);
  });

  test('back is refused while nodes are newer, with a way on that does not make them as new again', () => {
    const nodes = [
      { name: 'n0', version: 'v1.37.1' },
      { name: 'n1', version: 'v1.36.4' },
      { name: 'by-kubeadm', version: 'v1.37.0' },
    ];
    const spec = { ...upgradedOnce, nodes: ['n0', 'n1'].map((name) => ({ name, zone: 'local-a' })) };
    expect(kubeletsRefuse(spec, 'v1.36.4', nodes.slice(1, 2))).toBeUndefined();
    expect(kubeletsRefuse(spec, 'v1.36.4', nodes)).toMatchObject({
      message: expect.stringContaining('n0 (v1.37.1), by-kubeadm (v1.37.0)'),
      remedies: [
        { command: 'remove-node', cluster: 'demo', replicas: ['n0'] },
        expect.stringContaining('kubectl delete node by-kubeadm'),
        { command: 'upgrade', switches: ['rollback'] },
        expect.stringContaining('add nodes afterwards'),
      ],
    });
    expect(kubeletsRefuse(spec, 'v1.36.4', nodes.slice(2))?.remedies).not.toContainEqual(
      expect.objectContaining({ command: 'remove-node' }),
    );
    const old = [{ name: 'n0', version: 'v1.33.1' }];
    expect(kubeletsRefuse(spec, 'v1.37.1', old)?.remedies).toEqual([
      expect.stringContaining('replace those nodes first'),
    ]);
    expect(kubeletsRefuse(spec, 'v1.37.9', old)?.remedies).toEqual([
      expect.stringContaining('replace those nodes first'),
    ]);
  });

  test('down is refused with the version that is too old, and with the way back where there is one', () => {
    const refused = (spec: typeof old, wish: Parameters<typeof upgraded>[1]) => {
      try {
        return upgraded(spec, wish);
      } catch (error) {
        const { message, remedies } = error as Refusal;
        return [message.split(' ')[0], remedies[0]];
      }
    };
    const restore = expect.stringContaining('restore of a backup');
    expect(refused(old, { kubernetesVersion: 'v1.35.8' })).toEqual(['v1.35.8', restore]);
    expect(refused(old, { etcdVersion: 'v3.6.1' })).toEqual(['v3.6.1', restore]);
    expect(refused(old, { kubernetesVersion: 'v1.37.1', etcdVersion: 'v3.6.1' })).toEqual([
      'v3.6.1',
      restore,
    ]);
    expect(refused(upgradedOnce, { kubernetesVersion: 'v1.36.4' })).toEqual([
      'v1.36.4',
      expect.objectContaining({ to: 'go back to v1.36.4', switches: ['rollback'] }),
    ]);
  });
});

test('versions are compared as numbers', () => {
  expect(compareVersions('v1.36.10', 'v1.36.9')).toBeGreaterThan(0);
  expect(compareVersions('v1.9.0', 'v1.36.0')).toBeLessThan(0);
  expect(compareVersions('v3.6.16', '3.6.16')).toBe(0);
});
