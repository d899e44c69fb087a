import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ProviderError } from '../../../src/providers/errors.ts';
import { haup } from './fake.ts';

const folder = mkdtempSync(join(tmpdir(), 'haup-foreign-'));
afterAll(() => rmSync(folder, { recursive: true }));

const foreign = {
  PROJECT: 'not a project!',
  CLOUDSDK_CORE_PROJECT: '$(reboot)',
  MASTER_SIZE: 'n1 standard',
  MASTER_DISK_SIZE: 'huge',
  MASTER_DISK_TYPE: 'a b',
};

describe('a variable of a cloud that is not the provider’s', () => {
  it('is ignored, whatever it holds', async () => {
    const { code, err, calls } = await haup(['create'], { env: foreign });
    expect([code, err]).toEqual([0, '']);
    const { settings } = calls[0]!.arguments[0] as { settings: object };
    expect(Object.values(settings).filter((value) => value !== undefined)).toEqual([]);
  });

  it('counts for its own cloud, where it is refused by its own name', async () => {
    for (const [name, value] of Object.entries(foreign)) {
      const { code, err } = await haup(['create', '--provider', 'gce'], { env: { [name]: value } });
      expect([code, err]).toEqual([2, expect.stringMatching(new RegExp(`^haup: ${name} must be .*\n$`))]);
    }
    const aws = await haup(['create', '--provider', 'aws', '--zone', 'eu-west-1a'], {
      env: { PROJECT: 'x', KUBE_GCE_ZONE: '!' },
    });
    expect(aws.code).toBe(0);
  });
});

describe('what a provider refuses', () => {
  const refusing = (setting: string) => ({
    create: () =>
      Promise.reject(
        new ProviderError('invalid', `the local provider has no setting ${setting}`, { setting }),
      ),
  });
  const file = join(folder, 'haup.yaml');
  writeFileSync(file, 'cluster: demo\ndisk-size: 20\n');

  it.each([
    ['diskSizeGb', ['create', '--disk-size', '20'], {}, '--disk-size'],
    ['machineType', ['create'], { HAUP_MACHINE_TYPE: 'x' }, 'HAUP_MACHINE_TYPE'],
    ['diskSizeGb', ['create', '--config', file], {}, `${file}:2: disk-size`],
  ])('is named as the user wrote it (%s)', async (setting, argv, env, label) => {
    const { code, err } = await haup(argv, { env, engine: refusing(setting) });
    expect([code, err]).toEqual([2, `haup: the local provider has no setting ${label}\n`]);
  });

  it('also where two of them contradict each other, or a release is not supported', async () => {
    const env = { HAUP_REPLICAS: '1', HAUP_ZONES: 'a,b', HAUP_KUBERNETES_VERSION: '1.20' };
    expect((await haup(['create'], { env })).err).toMatch(
      /^haup: HAUP_KUBERNETES_VERSION is refused: .*"1\.20" is not supported/,
    );
    expect((await haup(['create', '--kubernetes-version', '1.37'], { env })).err).toBe(
      'haup: HAUP_REPLICAS 1 is less than the 2 zones of HAUP_ZONES\n',
    );
  });
});
