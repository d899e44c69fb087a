import { createServer } from 'node:net';
import { beforeAll, expect, test } from 'vitest';
import { moveAddress } from '../../../src/lb/move.ts';

/** A port at which nobody answers: one that was free a moment ago. */
let port = 0;

beforeAll(async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  port = (server.address() as { port: number }).port;
  await new Promise((resolve) => server.close(resolve));
});

function move(options: { somebodyServes: boolean; mayGoBack: boolean }) {
  const moves: string[] = [];
  const done = moveAddress({
    during: null,
    api: { ip: '127.0.0.1', port, caPem: '', certPem: '', keyPem: '' },
    handOver: async () => void moves.push('there'),
    handBack: options.mayGoBack ? async () => void moves.push('back') : null,
    somebodyServes: options.somebodyServes,
    patienceMs: 100,
    progress: () => {},
  });
  return { moves, done };
}

test('a new holder that does not answer although API servers serve gives the address back', async () => {
  const { moves, done } = move({ somebodyServes: true, mayGoBack: true });
  await expect(done).rejects.toThrow(/to answer at 127\.0\.0\.1/);
  expect(moves).toEqual(['there', 'back']);
});

test('where nobody may have it back, as when its zone is lost, it stays', async () => {
  const { moves, done } = move({ somebodyServes: true, mayGoBack: false });
  await expect(done).rejects.toThrow(/to answer at/);
  expect(moves).toEqual(['there']);
});

test('while no API server serves, no answer is waited for: the address moves, and what is missing comes after', async () => {
  const { moves, done } = move({ somebodyServes: false, mayGoBack: true });
  expect(await done).toBeNull();
  expect(moves).toEqual(['there']);
});
