import { formatCidr, overlap, parseCidr } from '../../util/ipv4.ts';
import { ProviderError } from '../errors.ts';
import type { NodeRoute } from '../networks.ts';

/** The range as kernels and clouds write it. @throws ProviderError `invalid` for one address, or for no range. */
export function podRange(text: string): string {
  try {
    const range = parseCidr(text);
    if (text.includes('/') && formatCidr(range) === text && range.size > 1) return text;
  } catch {}
  throw new ProviderError(
    'invalid',
    `${JSON.stringify(text.slice(0, 80))} is not a range such as 10.200.1.0/24`,
  );
}

/** @throws ProviderError `invalid` when one of these ranges or addresses, which are `whose` ("the machines'"), is in it. */
export function mustBeFree(range: string, taken: readonly string[], whose: string): void {
  const met = taken.find((each) => overlap(parseCidr(range), parseCidr(each)));
  if (met !== undefined) throw new ProviderError('invalid', `pods cannot have ${range}: ${met} is ${whose}`);
}

/** @throws ProviderError `conflict` when the range and that of another route have addresses in common. */
export function mustNotOverlap(range: string, routes: readonly NodeRoute[]): void {
  const met = routes.find(
    ({ destination }) => destination !== range && overlap(parseCidr(destination), parseCidr(range)),
  );
  if (!met) return;
  throw new ProviderError('conflict', `${range} overlaps ${met.destination}, which leads to ${met.machine}`);
}

/** In the order of their destinations. */
export function inOrder(routes: readonly NodeRoute[]): NodeRoute[] {
  return [...routes].sort((a, b) => parseCidr(a.destination).first - parseCidr(b.destination).first);
}
