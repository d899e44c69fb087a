import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CLUSTER_NAME } from '../../../src/cluster/model/names.ts';
import { kubeconfig } from '../../../src/pki/kubeconfig.ts';
import { haup } from './fake.ts';

const RUNS = Number(process.env.HAUP_FUZZ_RUNS ?? 400);

const odd = fc.constantFrom(
  'no',
  'on',
  'y',
  'null',
  'true',
  '..',
  'a/../b',
  '~',
  '1e3',
  '0x1',
  '12:30',
  '',
  ' ',
  'a\u202eb',
  '\x1b[31m',
);
const text = fc.oneof(
  odd,
  fc.string({ maxLength: 50 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.stringMatching(CLUSTER_NAME),
);

describe('any text as the name of a cluster', () => {
  it('is a name or is refused in one line without control characters, before anything is opened', async () => {
    await fc.assert(
      fc.asyncProperty(text, async (given) => {
        const asked: string[] = [];
        const ran = await haup(['kubeconfig', `--cluster=${given}`], {
          engine: {
            kubeconfig: async (cluster) => {
              asked.push(cluster);
              return { text: 'x\n', warnings: [] };
            },
          },
        });
        if (CLUSTER_NAME.test(given)) {
          expect([ran.code, asked]).toEqual([0, [given]]);
        } else {
          expect([ran.code, asked, ran.out]).toEqual([2, [], '']);
          expect(ran.err).toMatch(/^haup: --cluster [^\n]*\n$/);
          expect(ran.err.slice(0, -1)).not.toMatch(/\p{Cc}/u);
        }
      }),
      { seed: 8, numRuns: 5 * RUNS },
    );
  });

  it('that is a name reads the same in a kubeconfig for readers of YAML 1.1 and 1.2', () => {
    const pem = 'x';
    fc.assert(
      fc.property(
        fc.oneof(
          odd.filter((one) => CLUSTER_NAME.test(one)),
          fc.stringMatching(CLUSTER_NAME),
        ),
        (name) => {
          const written = kubeconfig({
            cluster: name,
            uid: '12345678901234e5',
            server: 'https://a',
            caPem: pem,
            certPem: pem,
            keyPem: pem,
          });
          for (const version of ['1.1', '1.2'] as const)
            expect(parse(written, { version })).toMatchObject({
              'current-context': name,
              contexts: [
                {
                  name,
                  context: {
                    cluster: name,
                    user: name,
                    extensions: [{ extension: { cluster: name, uid: '12345678901234e5' } }],
                  },
                },
              ],
            });
        },
      ),
      { seed: 8, numRuns: 5 * RUNS },
    );
  });
});
