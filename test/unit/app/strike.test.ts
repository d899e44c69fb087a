import { expect, test } from 'vitest';
import { strike } from '../../../src/app/strike.ts';
import type { Provider } from '../../../src/providers/provider.ts';

const zone = [
  { blow: 'power-off', machine: 'm0' },
  { blow: 'power-off', machine: 'm1' },
] as const;

type Struck = Parameters<typeof strike>[0];

const struckBy = (provider: Partial<Pick<Provider, 'fault' | 'faultBalancer'>> & { machines?: object }) =>
  ({ provider, world: {} }) as unknown as Struck;
const { signal } = new AbortController();

test('pulls all cords of a zone at once', async () => {
  const told: string[] = [];
  const fault = async (kind: string, ...machines: readonly string[]) => {
    told.push([kind, ...machines].join(' '));
  };
  await strike(struckBy({ fault }), zone, signal);
  await strike(struckBy({ fault }), [{ blow: 'freeze', machine: 'm2' }], signal);
  await strike(struckBy({ fault }), [{ blow: 'reset', machine: 'm3' }], signal);
  expect(told).toEqual(['power-off m0 m1', 'freeze m2', 'power-off m3', 'power-on m3']);
});

test('ends the balancer', async () => {
  const told: string[] = [];
  const faultBalancer = async () => void told.push('ended');
  const open = struckBy({ fault: async () => {}, faultBalancer });
  await strike(open, [{ blow: 'kill-balancer', machine: null }], signal);
  expect(told).toEqual(['ended']);
});

test('where machines are stopped one by one, has each blow fallen before it says that another has failed', async () => {
  const told: string[] = [];
  let fall = (): void => {};
  const slow = new Promise<void>((resolve) => {
    fall = resolve;
  });
  const stop = async (machine: string): Promise<void> => {
    if (machine === 'm0') {
      setTimeout(fall, 20);
      throw new Error('the cloud does not answer');
    }
    await slow;
    told.push(`stopped ${machine}`);
  };
  await expect(strike(struckBy({ machines: { stop } }), zone, signal)).rejects.toThrow(
    'the cloud does not answer',
  );
  expect(told).toEqual(['stopped m1']);
});
