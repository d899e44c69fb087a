import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseInside } from '../../../../src/replicas/revision/inside.ts';
import { exampleConfig } from '../config.ts';
import { revisionAnswer } from '../machine-answer.ts';

const options = { uid: '0123456789abcdef', name: 'demo-master', apiPort: 443 };
const marker = JSON.stringify({
  uid: options.uid,
  name: options.name,
  digest: 'd',
  apiAddress: '198.18.0.10',
  kubernetesVersion: 'v1.37.1',
  etcdVersion: 'v3.7.3',
});
const NOW = Date.parse('2026-11-25T12:00:00Z');
const exchange = { sent: NOW - 20, received: NOW + 60 };
const ok = { file: 'enabled', active: 'active', restarts: 0, since: 10 };
type Unit = typeof ok;
interface Answer {
  marker: string;
  staged: string;
  inForce: string;
  files: string;
  digests: string;
  wal: string;
  revision: string;
  backups: string;
  units: Record<string, Unit>;
  uptime: number;
  clocks: readonly [number, number];
  space: string;
  codes: readonly [string, string, string];
}
/** Some of each kind. */
const some = new Set(['ca.crt', 'apiserver.crt', 'scheduler.conf', 'sa.pub']);
const config = await exampleConfig();
const pki = new Map([...config.pki].filter(([file]) => some.has(file)));
const good: Answer = {
  marker,
  staged: '',
  inForce: marker,
  ...revisionAnswer({ ...config, pki, addons: [] }),
  wal: 'yes\n',
  revision: '12\n',
  backups: '',
  units: { etcd: ok, 'kube-apiserver': ok, 'kube-controller-manager': ok, 'kube-scheduler': ok },
  uptime: 100,
  clocks: [NOW, NOW + 40],
  space: '/run 51200\n/var/lib/haup 2048000\n',
  codes: ['200', '200', '200'],
};

/** What the machine prints. */
function answer(change: Partial<Answer> = {}): string {
  const all = { ...good, ...change };
  const paragraphs = Object.entries(all.units).map(
    ([name, unit]) =>
      `Id=${name}.service\nUnitFileState=${unit.file}\nActiveState=${unit.active}\nNRestarts=${unit.restarts}\nActiveEnterTimestampMonotonic=${unit.since * 1e6}\n`,
  );
  const urls = [
    'https://127.0.0.1:443/readyz',
    'https://127.0.0.1:10257/healthz',
    'https://127.0.0.1:10259/healthz',
  ];
  const health = urls.map((url, i) => `${url} ${all.codes[i]}\n`).join('');
  const [began, ended] = all.clocks.map((clock) => `${clock}\n`);
  return [
    ...[
      began,
      all.marker,
      all.staged,
      all.inForce,
      all.files,
      all.digests,
      all.wal,
      all.revision,
      all.backups,
    ],
    ...[paragraphs.join('\n'), `${all.uptime}\n`, all.space, health, ended],
  ].join('--haup--\n');
}
const inside = (change: Partial<Answer> = {}) => parseInside(answer(change), options, exchange)!;
const withUnit = (name: string, unit: Partial<Unit>) => ({
  units: { ...good.units, [name]: { ...ok, ...unit } },
});

describe('what a machine says of itself', () => {
  test('all well', () => {
    expect(inside()).toEqual({
      provisioned: true,
      etcdData: true,
      etcd: 'running',
      apiServer: 'ready',
      controllers: 'running',
      certificateExpires: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      certificateSecondsLeft: expect.any(Number),
      clockAheadSeconds: 0,
      storeRevision: 12,
      freeKib: { '/run': 51_200, '/var/lib/haup': 2_048_000 },
      backup: null,
      certificateNames: expect.arrayContaining(['kubernetes.default.svc.cluster.local']),
      revision: expect.objectContaining({ kubernetesVersion: 'v1.37.1', etcdVersion: 'v3.7.3' }),
      change: null,
      staged: null,
      begun: null,
    });
  });

  test('an empty machine', () => {
    const off = { ...ok, file: '', active: 'inactive' };
    const units = Object.fromEntries(Object.keys(good.units).map((name) => [name, off]));
    expect(
      inside({
        marker: '',
        inForce: '',
        files: '',
        digests: '',
        wal: '',
        units,
        codes: ['000', '000', '000'],
      }),
    ).toEqual({
      provisioned: false,
      etcdData: false,
      etcd: 'disabled',
      apiServer: 'disabled',
      controllers: 'disabled',
      certificateExpires: null,
      certificateSecondsLeft: null,
      certificateNames: [],
      revision: null,
      change: null,
      staged: null,
      begun: null,
      clockAheadSeconds: 0,
      storeRevision: 12,
      freeKib: { '/run': 51_200, '/var/lib/haup': 2_048_000 },
      backup: null,
    });
  });

  test('a change: what it has made, and what lies ready for it', () => {
    const made = (change: string) => `${marker.slice(0, -1)},"change":"${change}"}\n`;
    expect(inside({ marker: made('a1'), staged: made('b2') })).toMatchObject({ change: 'a1', staged: 'b2' });
    expect(inside({ staged: made('b2').slice(0, 40) })).toBeNull();
    expect(inside({ inForce: made('b2').slice(0, 40) })).toBeNull();
  });

  test('a change that was cut off: its release is in force, and the machine is not complete with it', () => {
    const made = (change: string) => `${marker.slice(0, -1)},"change":"${change}"}\n`;
    expect(inside({ inForce: made('b2') })).toMatchObject({ change: null, begun: 'b2' });
    expect(inside({ marker: made('b2'), inForce: made('b2') })).toMatchObject({ change: 'b2', begun: null });
    // An older haup keeps it only beside the releases.
    expect(inside({ marker: made('b2'), inForce: '' })).toMatchObject({ change: 'b2', begun: null });
  });

  test('another cluster or another name is not provisioned; half a marker says nothing', () => {
    expect(inside({ marker: marker.replace('0123', 'ffff') }).provisioned).toBe(false);
    expect(inside({ marker: marker.replace('demo-master', 'demo-master-abc') }).provisioned).toBe(false);
    expect(inside({ marker: marker.slice(0, 40) })).toBeNull();
  });

  test('an answer that was cut short is no answer, not an empty machine', () => {
    for (let length = 0; length < answer().length; length++) {
      expect(parseInside(answer().slice(0, length), options, exchange)).toBeNull();
    }
    expect(inside({ units: {} })).toBeNull();
  });

  test('a disabled unit that still drains is not out of the way', () => {
    const draining = { file: 'disabled', active: 'deactivating' };
    expect(inside(withUnit('kube-apiserver', draining)).apiServer).toBe('stopped');
    expect(inside(withUnit('kube-apiserver', { ...draining, active: 'inactive' })).apiServer).toBe(
      'disabled',
    );
  });

  test('an etcd that waits for its quorum does not run', () => {
    expect(inside(withUnit('etcd', { active: 'activating' })).etcd).toBe('stopped');
  });

  test('an API server is ready when it says so itself', () => {
    expect(inside({ codes: ['500', '200', '200'] }).apiServer).toBe('unready');
    expect(inside({ codes: ['000', '200', '200'] }).apiServer).toBe('unready');
  });

  test('a federation’s controllers run without a scheduler, of which systemd knows nothing', () => {
    const without = { file: '', active: 'inactive' };
    const codes = ['200', '200', '000'] as const;
    const units = (manager: Partial<Unit>) => ({
      ...good.units,
      'kube-controller-manager': { ...ok, ...manager },
      'kube-scheduler': { ...ok, ...without },
    });
    expect(inside({ units: units({}), codes }).controllers).toBe('running');
    expect(inside({ units: units({ file: 'disabled', active: 'inactive' }), codes }).controllers).toBe(
      'disabled',
    );
  });

  test('controllers run when both do, and are disabled when both are', () => {
    const off = { file: 'disabled', active: 'inactive' };
    expect(inside(withUnit('kube-scheduler', off)).controllers).toBe('stopped');
    expect(inside({ codes: ['200', '200', '000'] }).controllers).toBe('stopped');
  });

  test('a controller that was started again moments ago does not count as running', () => {
    expect(inside(withUnit('kube-scheduler', { restarts: 3, since: 98 })).controllers).toBe('stopped');
    expect(inside(withUnit('kube-scheduler', { restarts: 3, since: 90 })).controllers).toBe('running');
    expect(inside(withUnit('kube-scheduler', { restarts: 0, since: 98 })).controllers).toBe('running');
  });

  test('a clock is ahead by what the way there and back does not explain', () => {
    const hour = 3_600_000;
    expect(inside({ clocks: [NOW + 60, NOW + 60] }).clockAheadSeconds).toBe(0);
    expect(inside({ clocks: [NOW + 2 * hour, NOW + 2 * hour + 40] }).clockAheadSeconds).toBe(7200);
    expect(inside({ clocks: [NOW - 2 * hour, NOW - 2 * hour + 40] }).clockAheadSeconds).toBe(-7200);
  });

  test('the certificate that ends first counts, by the machine’s own clock', () => {
    const text = (...names: string[]) => names.map((name) => `# pki/${name}\n${pki.get(name)!.pem}`).join('');
    const leaf = inside({ files: text('apiserver.crt') });
    const files = text('ca.crt', 'apiserver.crt');
    const both = inside({ files });
    expect(both.certificateExpires).toBe(leaf.certificateExpires);
    const after = Date.parse(leaf.certificateExpires!) + 86_400_000;
    expect(inside({ files, clocks: [after, after] }).certificateSecondsLeft).toBe(-86_400);
  });

  test('lines of noise within an answer, anywhere, make it none, or change nothing that is concluded from it', () => {
    const whole = inside();
    const text = answer();
    fc.assert(
      fc.property(fc.nat(text.length), fc.string(), (at, noise) => {
        const seen = parseInside(`${text.slice(0, at)}\n${noise}\n${text.slice(at)}`, options, exchange);
        if (seen) expect(seen).toEqual(whole);
      }),
      { numRuns: 5_000 },
    );
  });
});
