import { expect, test } from 'vitest';
import { asksOtherwise, ownFlags, readFlags, readGates } from '../../../src/replicas/flags.ts';

test('flags that haup sets itself', () => {
  expect([...ownFlags('apiServer')]).toEqual(
    expect.arrayContaining(['etcd-servers', 'request-timeout', 'emulated-version']),
  );
  expect([...ownFlags('etcd')]).toEqual(expect.arrayContaining(['name', 'data-dir', 'feature-gates']));
  expect(ownFlags('scheduler').has('kubeconfig')).toBe(true);
  expect(ownFlags('controllerManager').has('v')).toBe(false);
});

test('flags as --help lists them', () => {
  const help = `The API server.
Usage:
  kube-apiserver [flags]
  -v, --v Level             number for the log level verbosity
      --audit-log-path string    If set, all requests come here; see --audit-log-maxage
  --name 'default'
`;
  expect([...readFlags(help)]).toEqual(['v', 'audit-log-path', 'name']);
});

test('feature gates as --help lists them, and arguments that are said otherwise', () => {
  const help = `      --feature-gates colonSeparatedMultimapStringString   A set of pairs. Options are:
                kube:APIResponseCompression=true|false (BETA - default=true)
                WatchList=true|false (BETA - default=true)
`;
  expect([...readGates(help)]).toEqual(['APIResponseCompression', 'WatchList']);
  expect(asksOtherwise('apiServer', 'oidc-issuer-url')).toContain('authentication.jwt');
  expect(asksOtherwise('apiServer', 'admission-control-config-file')).toContain('admission.plugins');
  expect(asksOtherwise('scheduler', 'v')).toBe(null);
});

test.each([
  ['apiServer', ['etcd-prefix', 'etcd-servers-overrides'], ['etcd-compaction-interval']],
  ['controllerManager', ['leader-elect-resource-name', 'leader-elect-resource-namespace'], ['master']],
  ['scheduler', ['leader-elect-resource-name', 'leader-elect-resource-namespace'], ['constructor']],
  [
    'etcd',
    [
      ...['config-file', 'force-new-cluster', 'initial-cluster', 'initial-cluster-state', 'unsafe-no-fsync'],
      ...['wal-dir', 'discovery', 'discovery-srv', 'discovery-token'],
    ],
    ['initial-election-tick-advance', 'snapshot-count', 'heartbeat-interval', 'etcd-prefix'],
  ],
] as const)(
  'flags of %s that would lose data or have two at work are refused, with why',
  (component, harmful, others) => {
    for (const flag of harmful) expect(asksOtherwise(component, flag), flag).toMatch(/^.{30}/);
    for (const flag of others) expect(asksOtherwise(component, flag), flag).toBe(null);
  },
);
