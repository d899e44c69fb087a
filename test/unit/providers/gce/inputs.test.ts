import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { endpointFrom } from '../../../../src/providers/gce/api/rest.ts';
import { bootScriptEveryBoot } from '../../../../src/providers/gce/boot-script.ts';
import { GCE_NAME, namesOf } from '../../../../src/providers/gce/names.ts';
import { checkSettings } from '../../../../src/providers/gce/settings.ts';

const cluster = {
  name: 'demo',
  uid: '0123456789abcdef',
  region: 'europe-west1',
  zone: 'europe-west1-b',
  apiPort: 443,
};

it('the boot script does its work at the first boot and nothing at the ones after, until it has succeeded once', () => {
  const folder = mkdtempSync(join(tmpdir(), 'haup-boot-'));
  try {
    const log = join(folder, 'log');
    const boot = (script: string) => {
      const text = bootScriptEveryBoot(script).replaceAll('/var/lib/haup', join(folder, 'state'));
      return execFileSync('/bin/sh', [], { input: text, stdio: ['pipe', 'pipe', 'pipe'] });
    };
    expect(() => boot(`#!/bin/sh\necho tried >>${log}\nfalse || exit 3\n`)).toThrow();
    const good = `#!/bin/sh\nset -e\ncat >>${log} <<'EOT'\n$HOME "as it stands"\nEOT\nexit 0\n`;
    boot(good);
    boot(good);
    expect(readFileSync(log, 'utf8')).toBe('tried\n$HOME "as it stands"\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it('names stay within what GCE allows for the longest cluster name', () => {
  const names = namesOf({ ...cluster, name: 'a'.repeat(40) });
  const all = [
    names.tag,
    names.nodeTag,
    names.route('255.255.255.0/24'),
    names.address,
    names.rule,
    names.warmRule,
    names.backendService,
    names.healthCheck,
    names.group,
  ];
  const rules = (['api', 'ssh', 'masters', 'health', 'kubelets', 'node-api', 'to-pods'] as const).map(
    (part) => names.firewall(part),
  );
  for (const name of [...all, ...rules]) expect(name).toMatch(GCE_NAME);
});

it('ranges are put as Compute Engine takes them, without host bits', () => {
  const settings = { allowFrom: ['203.0.113.7/24', '203.0.113.0/24'], sshFrom: ['198.51.100.7/32'] };
  expect(checkSettings(cluster, settings)).toMatchObject({
    allowFrom: ['203.0.113.0/24'],
    sshFrom: ['198.51.100.7/32'],
  });
  expect(checkSettings(cluster, {})).toMatchObject({ allowFrom: ['0.0.0.0/0'], sshFrom: undefined });
  for (const range of ['999.0.113.0/24', '203.0.113.0/33', '2001:db8::/32'])
    expect(() => checkSettings(cluster, { sshFrom: [range] })).toThrow(range);
});

it('settings that GCE has no use for are refused with what is accepted', () => {
  expect(() => checkSettings({ ...cluster, zone: 'local-a' }, {})).toThrow('not the name of a GCE zone');
  expect(() => checkSettings({ ...cluster, region: 'europe-west4' }, {})).toThrow('not in the region');
  expect(() => checkSettings(cluster, { allowFrom: ['10.0.0.1'] })).toThrow(
    '"10.0.0.1" is not an IPv4 range',
  );
});

it.each([
  ['family/debian-13', 'global/images/family/debian-13'],
  ['debian-cloud/debian-12', 'projects/debian-cloud/global/images/family/debian-12'],
  ['my-image', 'global/images/my-image'],
  ['projects/p/global/images/i', 'projects/p/global/images/i'],
])('the image %s is %s', (image, url) => {
  expect(checkSettings(cluster, { image }).machines.master.image).toBe(url);
});

it.each([
  ['t2a-standard-2', 'debian-13-arm64'],
  ['c4a-standard-4', 'debian-13-arm64'],
  ['c4-standard-4', 'debian-13'],
  [undefined, 'debian-13'],
])('the machine type %s boots %s', (machineType, family) => {
  expect(checkSettings(cluster, { machineType }).machines.master.image).toMatch(
    new RegExp(`/family/${family}$`),
  );
});

it.each([
  [{}, 'pd-balanced'],
  [{ machineType: 'c3-standard-4' }, 'pd-balanced'],
  [{ machineType: 'n4-standard-2' }, 'hyperdisk-balanced'],
  [{ machineType: 'c4a-standard-4' }, 'hyperdisk-balanced'],
  [{ machineType: 'c4a-standard-4', diskType: 'hyperdisk-extreme' }, 'hyperdisk-extreme'],
  [{ diskType: 'pd-ssd' }, 'pd-ssd'],
])('with %j the boot disk is a %s', (settings, diskType) => {
  expect(checkSettings(cluster, settings).machines.master.diskType).toBe(diskType);
});

it('nodes are what masters are unless their own kind is given', () => {
  const given = { machineType: 'e2-standard-4', diskSizeGb: 30 };
  expect(checkSettings(cluster, given).machines.node).toMatchObject(given);
  const node = { nodeMachineType: 't2a-standard-8', nodeDiskSizeGb: 100 };
  const { machines } = checkSettings(cluster, { ...given, ...node });
  expect(machines.master).toMatchObject(given);
  expect(machines.node).toMatchObject({ machineType: 't2a-standard-8', diskSizeGb: 100 });
  expect(machines.node.image).toMatch(/arm64$/);
});

it('another endpoint is taken from gcloud’s variable, and plain HTTP only to this host', () => {
  const from = (value: string) => endpointFrom({ CLOUDSDK_API_ENDPOINT_OVERRIDES_COMPUTE: value });
  expect(endpointFrom({})).toBeNull();
  expect(from('https://compute.example.net/compute/v1/')).toEqual({
    protocol: 'https',
    host: 'compute.example.net',
    port: 443,
  });
  expect(from('http://127.0.0.1:8080/compute/v1/')).toEqual({
    protocol: 'http',
    host: '127.0.0.1',
    port: 8080,
  });
  for (const bad of [
    'http://compute.example.net/',
    'http://127.evil.example/',
    'nonsense',
    'ftp://localhost/',
  ]) {
    expect(() => from(bad)).toThrow('is not an https URL');
  }
});
