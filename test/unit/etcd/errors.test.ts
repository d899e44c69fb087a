import { expect, test } from 'vitest';
import { kindOf } from '../../../src/etcd/errors.ts';

test('etcd’s own texts are told apart', () => {
  // go.etcd.io/etcd/api v3.7.3, v3rpc/rpctypes/error.go
  const texts = {
    'etcdserver: unhealthy cluster': 'unhealthy-cluster',
    'etcdserver: re-configuration failed due to not enough started members': 'unhealthy-cluster',
    'etcdserver: can only promote a learner member which is in sync with leader': 'learner-not-ready',
    'etcdserver: can only promote a learner member': 'not-a-learner',
    'etcdserver: too many learner members in cluster': 'too-many-learners',
    'etcdserver: member not found': 'member-not-found',
    'etcdserver: Peer URLs already exists': 'peer-exists',
    'etcdserver: not leader': 'not-leader',
    'etcdserver: no leader': 'no-leader',
    'etcdserver: leader changed': 'no-leader',
    'etcdserver: request timed out, possibly due to previous leader failure': 'timeout',
    'etcdserver: server stopped': 'unreachable',
    'etcdserver: mvcc: database space exceeded': 'other',
  };
  for (const [words, kind] of Object.entries(texts)) expect(kindOf(words)).toBe(kind);
});
