import { expect, test } from 'vitest';
import { backupTimer } from '../../../../src/replicas/units/backup.ts';

/** Seconds between the starts of two backups. */
function apart(everySeconds: number): number {
  const timer = backupTimer({ everySeconds, environment: {}, secrets: [], folder: null });
  return Number(/^OnUnitActiveSec=(\d+)s$/m.exec(timer)?.[1]);
}

test('backups begin so much earlier than they are wanted as one takes, however often they are wanted', () => {
  expect(apart(15)).toBe(10);
  expect(apart(60)).toBe(55);
  expect(apart(86_400)).toBe(86_395);
});
