import { expect, test } from 'vitest';
import type { Status } from '../../../src/cluster/plan/status.ts';
import {
  metricNames,
  metricsText,
  newTally,
  type Seen,
  withFailedLook,
  withSeen,
} from '../../../src/guard/metrics.ts';
import { serveMetrics } from '../../../src/guard/serve-metrics.ts';
import { statusOf } from '../cli/fake.ts';

const AT = Date.UTC(2026, 10, 26);

function after(
  change: Partial<Status> = {},
  databases: Seen['databases'] = [],
  unanswered: string | null = null,
): string {
  const seen = { status: statusOf(change), unanswered, databases };
  return metricsText(withSeen(newTally('demo'), { seen, deed: null, waits: ['w'] }, AT));
}

/** Each line of the text format, 0.0.4. */
const LINE =
  /^(# HELP [a-z_]+ [^\n]+|# TYPE [a-z_]+ (gauge|counter)|[a-z_]+\{[a-z_]+="([^"\\\n]|\\[\\"n])*"(,[a-z_]+="([^"\\\n]|\\[\\"n])*")*\} -?\d+(\.\d+)?)$/;

test('is in the text format of Prometheus, each family once, with help and type before its samples', () => {
  const text = after({}, [{ member: 'demo-master', bytes: 2048, inUse: 1024 }]);
  expect(text.endsWith('\n')).toBe(true);
  const lines = text.trimEnd().split('\n');
  expect(lines.filter((line) => !LINE.test(line))).toEqual([]);
  const types = lines.filter((line) => line.startsWith('# TYPE'));
  expect(new Set(types).size).toBe(types.length);
  let family = '';
  for (const line of lines) {
    if (line.startsWith('# HELP')) family = line.split(' ')[2]!;
    else if (!line.startsWith('#')) expect(line.split('{')[0]).toBe(family);
  }
});

test('says how the cluster is', () => {
  const text = after(
    {
      converged: false,
      etcd: {
        ...{ voters: 3, learners: 0, quorum: 2, healthy: 2, failuresTolerated: 0 },
        ...{ quorumIs: 'held', alarms: [{ member: 'demo-master', alarm: 'NOSPACE' }] },
      },
    },
    [{ member: 'demo-master', bytes: 2048, inUse: 1024 }],
  );
  for (const line of [
    'haup_cluster_info{cluster="demo",provider="local",kubernetes_version="v1.37.1",etcd_version="v3.7.3"} 1',
    'haup_cluster_converged{cluster="demo"} 0',
    'haup_guard_waits{cluster="demo"} 1',
    `haup_guard_last_look_timestamp_seconds{cluster="demo"} ${AT / 1000}`,
    'haup_etcd_has_quorum{cluster="demo"} 1',
    'haup_etcd_healthy_voters{cluster="demo"} 2',
    'haup_etcd_alarm{cluster="demo",replica="demo-master",alarm="NOSPACE"} 1',
    'haup_etcd_database_in_use_bytes{cluster="demo",replica="demo-master"} 1024',
    'haup_replica_api_server_ready{cluster="demo",replica="demo-master",zone="local-a"} 1',
    `haup_replica_certificate_expiry_timestamp_seconds{cluster="demo",replica="demo-master",zone="local-a"} ${Date.UTC(2027, 10, 20) / 1000}`,
  ])
    expect(text.split('\n')).toContain(line);
});

test('says whether the API answers at its address, once it is to', () => {
  const answers = (text: string) => /^haup_api_answers\{cluster="demo"\} (\d)$/m.exec(text)?.[1];
  expect(answers(after())).toBe('1');
  expect(answers(after({}, [], 'connect ECONNREFUSED'))).toBe('0');
  const apiAddress = { ...statusOf().apiAddress!, holder: { kind: 'nobody', name: null } } as const;
  expect(answers(after({ apiAddress }))).toBe('0');
  expect(answers(after({ apiAddress, etcd: { ...statusOf().etcd, voters: 0 } }))).toBeUndefined();
});

test('leaves out what nobody could see, instead of calling it 0', () => {
  const { replicas, etcd } = statusOf();
  const unseen = replicas.map((one) => ({
    ...one,
    ...{ apiServer: 'unreachable' as const, unseen: 'its login is slow' },
    etcd: { ...one.etcd, healthy: false, unknown: true },
  }));
  const text = after({ replicas: unseen, etcd: { ...etcd, healthy: 0, quorumIs: 'unknown' } });
  for (const name of ['has_quorum', 'healthy_voters', 'member_healthy', 'database_bytes'])
    expect(text).not.toContain(`haup_etcd_${name}`);
  expect(text).not.toContain('haup_replica_api_server_ready');
  const blind = after({ etcd: { ...etcd, healthy: 0, failuresTolerated: 0, quorumIs: 'held' } });
  expect(blind).toContain('haup_etcd_has_quorum{cluster="demo"} 1');
  expect(blind).not.toMatch(/haup_etcd_(healthy_voters|failures_tolerated)/);
  const unlisted = after({ etcd: { ...etcd, voters: 0, healthy: 0, quorumIs: 'unknown' } });
  expect(unlisted).not.toMatch(/haup_etcd_(voters|learners)/);
  const none = { to: '/backups', everySeconds: 60, last: null, failure: null, late: false };
  expect(after({ backup: none })).not.toContain('haup_backup_well');
  expect(after({ backup: { ...none, late: true } })).toContain('haup_backup_well{cluster="demo"} 0');
  const failure = { by: 'm0', at: '2026-11-26T00:00:00Z', words: 'no room' };
  expect(after({ backup: { ...none, failure } })).toContain('haup_backup_well{cluster="demo"} 0');
  expect(after({ etcd: { ...etcd, healthy: 0, quorumIs: 'lost' } })).toContain(
    'haup_etcd_has_quorum{cluster="demo"} 0',
  );
});

test('counts looks and deeds, also before the first look', () => {
  const failed = metricsText(withFailedLook(newTally('demo')));
  expect(failed).toContain('haup_guard_looks_total{cluster="demo",outcome="failed"} 1');
  expect(failed).not.toContain('haup_cluster');
  expect(metricNames()).toContain('haup_cluster_converged');
});

test('escapes what a label may not hold', () => {
  expect(metricsText(newTally('a"b\\c\nd'))).toContain('cluster="a\\"b\\\\c\\nd"');
});

test('is served at /metrics alone', async () => {
  const server = await serveMetrics({ host: '127.0.0.1', port: 0 }, () => 'x 1\n');
  try {
    const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${server.port}${path}`, { method });
    const found = await get('/metrics');
    expect([found.headers.get('content-type'), await found.text()]).toEqual([
      'text/plain; version=0.0.4; charset=utf-8',
      'x 1\n',
    ]);
    expect([(await get('/')).status, (await get('/metrics', 'POST')).status]).toEqual([404, 404]);
    await expect(serveMetrics({ host: '127.0.0.1', port: server.port }, () => '')).rejects.toThrow(
      /EADDRINUSE/,
    );
  } finally {
    server.close();
  }
});
