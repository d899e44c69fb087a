import { describe, expect, test } from 'vitest';
import { fingerprint, newSealingKey, publicHalf, seal, unseal } from '../../../src/drill/seal.ts';
import { logWith } from './report.ts';

const key = newSealingKey();
const sealed = JSON.stringify(seal(logWith(3000), key));

describe('a sealed report', () => {
  test('is what was sealed, by whoever has the key', () => {
    const report = unseal(sealed);
    expect(report.log).toEqual(logWith(3000));
    expect(report.seal.publicKey).toBe(publicHalf(key));
    expect(fingerprint(report.seal.publicKey)).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
  });

  test('is not believed when one request of it is another', () => {
    const changed = JSON.parse(sealed) as { log: { clients: { writes: number[][] } } };
    changed.log.clients.writes[201]![2] = 0;
    expect(() => unseal(JSON.stringify(changed))).toThrow(/it was changed/);
  });

  test('is not believed when its figures or its verdict do not follow from it', () => {
    const figures = JSON.parse(sealed) as { figures: { clients: { writes: { gapSeconds: number } } }[] };
    figures.figures[0]!.clients.writes.gapSeconds = 0.1;
    expect(() => unseal(JSON.stringify(figures))).toThrow(/do not follow/);
    const goals = JSON.parse(sealed) as { goals: { met: boolean }[] };
    goals.goals[0]!.met = true;
    expect(() => unseal(JSON.stringify(goals))).toThrow(/do not follow/);
  });

  test('is not believed with the signature of another key', () => {
    const other = JSON.parse(sealed) as { seal: { publicKey: string } };
    other.seal.publicKey = publicHalf(newSealingKey());
    expect(() => unseal(JSON.stringify(other))).toThrow(/it was changed/);
    other.seal.publicKey = 'none';
    expect(() => unseal(JSON.stringify(other))).toThrow(/public key in this report is none/);
  });

  test.each(['', '{}', 'null', '[]', '{"log":{},"figures":[],"goals":[],"seal":{}}'])(
    '%j is none',
    (text) => {
      expect(() => unseal(text)).toThrow("this is no drill's report");
    },
  );
});
