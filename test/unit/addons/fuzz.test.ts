import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it, vi } from 'vitest';
import { stringify } from 'yaml';
import { userAddon } from '../../../src/addons/addons.ts';
import { AddonError } from '../../../src/addons/errors.ts';
import { type Ask, prune } from '../../../src/replicas/lifecycle/prune.ts';
import { damage, mangled } from '../../support/mangled.ts';

// Many inputs: how long they take is the host's affair.
vi.setConfig({ testTimeout: 600_000 });

const RUNS = Number(process.env.HAUP_FUZZ_RUNS ?? 400);
const damages = fc.array(damage, { minLength: 1, maxLength: 3 });
const folder = mkdtempSync(join(tmpdir(), 'haup-manifests-'));
afterAll(() => rmSync(folder, { recursive: true }));

const manifest = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace: 'shop' },
      data: { mode: '0644' },
    },
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'b', labels: { app: 'b' } }, spec: {} },
  ],
};

it('whatever is in a folder of manifests, it is read or refused in a line', () => {
  fc.assert(
    fc.property(damages, fc.boolean(), (how, asYaml) => {
      const text = mangled(asYaml ? stringify(manifest) : manifest, how);
      writeFileSync(join(folder, 'a.yaml'), text);
      try {
        for (const { apiVersion, kind, metadata } of userAddon(folder).objects)
          expect(`${apiVersion} ${kind}${metadata.name}`).toMatch(/^[a-z0-9./-]+ [A-Z]/);
      } catch (error) {
        expect(error, (error as Error).stack).toBeInstanceOf(AddonError);
        expect((error as Error).message).not.toContain('\n');
      }
    }),
    { seed: 8, numRuns: RUNS },
  );
});

it('whatever somebody has put into the list of what add-ons had, only what it may name is asked for', async () => {
  const list = [
    { addon: 'mine', apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'a' },
    { addon: 'mine', apiVersion: 'apps/v1', kind: 'Deployment', namespace: null, name: 'b' },
  ];
  await fc.assert(
    fc.asyncProperty(damages, async (how) => {
      const objects = mangled(list, how);
      const ask: Ask = async (method, path) => {
        expect(path).toMatch(
          /^\/(api|apis\/[a-z0-9.-]+)\/v\d+[a-z0-9]*(\/namespaces\/[^/?#]+)?\/[a-z0-9]+\/[^/?#]+(\?(fieldManager|propagationPolicy)=\w+(&force=true)?)?$/,
        );
        expect(path).not.toMatch(/\/\.\.?(\/|$|\?)/);
        if (method === 'GET' && path.endsWith('/haup-addons'))
          return {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: 'haup-addons' },
            data: { objects },
          };
        return null;
      };
      await prune(ask, []);
    }),
    { seed: 8, numRuns: RUNS },
  );
});
