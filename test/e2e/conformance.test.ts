import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { serveImages } from '../../scripts/conformance/registry.ts';
import { runSpecs, type SpecResult } from '../../scripts/conformance/run.ts';
import { conformanceSpecs, isQuick, sample } from '../../scripts/conformance/specs.ts';
import { cachedSuite } from '../../scripts/conformance/suite.ts';
import { useClusters } from './support/clusters.ts';
import { haup, tryHaup } from './support/haup.ts';

const cluster = 'e2e-conformance';
const COUNT = 12;
/** The same specs each time, so that a failure is of the change; another seed is another sample. */
const seed = Number(process.env.HAUP_CONFORMANCE_SEED ?? 3);
const suite = await cachedSuite();

async function runHaup(args: readonly string[], input = ''): Promise<string> {
  const ended = await tryHaup(args, { input });
  expect(ended, args.join(' ')).toMatchObject({ code: 0 });
  return ended.stdout;
}

function isWrong({ state }: SpecResult): boolean {
  return state !== 'passed' && state !== 'skipped';
}

describe.skipIf(suite === null)('a cluster with two nodes', () => {
  useClusters(cluster);
  let folder: string | undefined;
  afterAll(() => folder && rm(folder, { recursive: true }));

  test(`passes ${COUNT} of Kubernetes' own conformance specs (HAUP_CONFORMANCE_SEED=${seed})`, async () => {
    const quick = (await conformanceSpecs(suite!.e2e)).filter(isQuick);
    const names = sample(quick, COUNT, seed);
    const images = suite!.images.flatMap((path) => ['--images', path]);
    await haup('create', '-c', cluster, '--nodes', '2', ...images);
    folder = await mkdtemp(join(tmpdir(), 'haup-conformance-'));
    const kubeconfig = join(folder, 'kubeconfig');
    await writeFile(kubeconfig, await haup('kubeconfig', '-c', cluster), { mode: 0o600 });
    await serveImages(runHaup, cluster, { kubectl: suite!.kubectl, kubeconfig });
    const results = await runSpecs(suite!, names, { kubeconfig, folder, parallel: 5, chunk: 3 });
    expect(results).toHaveLength(COUNT);
    // The specs have time limits of their own, for machines with less to do: what fails beside others is tried alone.
    const again = results.filter(isWrong).map(({ name }) => name);
    const alone = await runSpecs(suite!, again, { kubeconfig, folder, chunk: 1 });
    expect(alone.filter(isWrong)).toEqual([]);
  });
});

test.runIf(suite === null)('conformance: Kubernetes’ own tests are not in the cache', ({ skip }) => {
  skip('`npm run test:conformance -- --build-only` builds them and their images');
});
