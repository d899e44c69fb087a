import { expect, test } from 'vitest';
import { ArtifactError } from '../../../src/artifacts/errors.ts';
import {
  DEFAULT_KUBERNETES_VERSION,
  defaultEtcdVersion,
  parseEtcdVersion,
  parseKubernetesVersion,
  SUPPORTED_MINORS,
} from '../../../src/artifacts/versions.ts';

test.each([
  ['v1.37.1', 'v1.37.1'],
  ['1.37.1', 'v1.37.1'],
  ['v1.34.0', 'v1.34.0'],
  ['1.35.12', 'v1.35.12'],
])('the release %s is accepted', (text, version) => {
  expect(parseKubernetesVersion(text)).toBe(version);
});

test('a bare minor stands for the newest release of it that is known', () => {
  for (const { minor, release } of SUPPORTED_MINORS) {
    expect(parseKubernetesVersion(minor)).toBe(release);
    expect(parseKubernetesVersion(`v${minor}`)).toBe(release);
    expect(release.startsWith(`v${minor}.`)).toBe(true);
  }
});

test.each([
  '1.33.4',
  '1.38.0',
  '1',
  '1.37.',
  '1.37.01',
  'v1.37.0-rc.1',
  'latest',
  '',
  ' 1.37.1',
  '1.37.1\n',
  '1.37.1/../..',
  'v1.37.1; reboot',
  '1.37.99999',
  'v'.repeat(5000),
])('the Kubernetes version %j is refused in one line that says what is accepted', (text) => {
  let error: unknown;
  try {
    parseKubernetesVersion(text);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ArtifactError);
  expect((error as ArtifactError).kind).toBe('usage');
  expect((error as ArtifactError).message).toMatch(/^.{1,200}$/);
  expect((error as ArtifactError).message).toMatch(/any release of 1\.34 to 1\.37/);
});

test.each(['v3.7.3', '3.7.3', 'v3.6.0'])('the etcd version %s is accepted', (text) => {
  expect(parseEtcdVersion(text)).toBe(text.startsWith('v') ? text : `v${text}`);
});

test.each(['3.5.9', '3.7', '4.0.0', 'v3.7.3-alpha', '3.7.3\n', '../3.7.3'])(
  'the etcd version %j is refused',
  (text) => {
    expect(() => parseEtcdVersion(text)).toThrow(/any release of 3\.6 and 3\.7/);
  },
);

test('the four supported minors follow one another, newest first, and each has an etcd that is accepted', () => {
  const minors = SUPPORTED_MINORS.map(({ minor }) => Number(minor.split('.')[1]));
  expect(minors).toEqual([minors[0], minors[0]! - 1, minors[0]! - 2, minors[0]! - 3]);
  for (const { release, etcd } of SUPPORTED_MINORS) {
    expect(parseEtcdVersion(etcd)).toBe(etcd);
    expect(defaultEtcdVersion(release)).toBe(etcd);
  }
  expect(DEFAULT_KUBERNETES_VERSION).toBe(SUPPORTED_MINORS[0].release);
});
