import { expect, it } from 'vitest';
import { buildProgress } from '../../../../src/artifacts/build/progress.ts';

it('says what is compiled, how far it is, and for how long', () => {
  let now = 0;
  const progress = buildProgress(() => now);
  const after = (seconds: number, ...lines: string[]): string => {
    now = seconds * 1000;
    for (const line of lines) expect(progress.heard(line)).toBe(false);
    return progress.said();
  };
  expect(after(0)).toBe('getting ready, for 0s');
  expect(after(2, 'build-binaries: etcd v3.7.3 for amd64')).toBe(
    'etcd v3.7.3 for amd64: getting ready, for 2s',
  );
  expect(after(3, 'go: downloading go.uber.org/zap v1.27.0', 'go: downloading go.etcd.io/bbolt v1.4.3')).toBe(
    'etcd v3.7.3 for amd64: downloading its modules, 2 so far (go.etcd.io/bbolt), for 3s',
  );
  expect(after(9, 'build-binaries: compiling 630 packages')).toContain('compiling, 630 packages at most');
  expect(after(65, 'internal/abi', 'go.etcd.io/etcd/server/v3/etcdmain')).toBe(
    'etcd v3.7.3 for amd64: compiling, 2 of at most 630 packages (go.etcd.io/etcd/server/v3/etcdmain), for 1m05s',
  );
  expect(after(70)).toContain('for 1m10s'); // also while nothing new is printed
  expect(after(71, 'build-binaries: Kubernetes v1.37.1 for amd64')).toContain(
    'Kubernetes v1.37.1 for amd64: getting ready',
  );
  expect(progress.heard('# k8s.io/x: undefined: y')).toBe(true);
});
