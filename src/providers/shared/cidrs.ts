import { isIP } from 'node:net';
import { formatCidr, parseCidr } from '../../util/ipv4.ts';
import { ProviderError } from '../errors.ts';

/**
 * Ranges as clouds keep them: host bits cleared, one address as /32 or /128, IPv6 as RFC 5952 writes it. Each once: EC2 refuses a call that
 * names a rule twice ("The same permission must not appear multiple times"). @throws ProviderError `invalid`
 */
export function canonicalCidrs(ranges: readonly string[]): string[] {
  return [...new Set(ranges.map(canonicalCidr))];
}

function canonicalCidr(text: string): string {
  const [address = '', length, ...rest] = text.trim().split('/');
  const family = address.includes('%') ? 0 : isIP(address);
  const width = family === 6 ? 128 : 32;
  const bits = length === undefined ? width : /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (family === 0 || bits < 0 || bits > width || rest.length > 0)
    throw new ProviderError('invalid', `${text} is not an address range such as 203.0.113.0/24`);
  return family === 6 ? `${network(address, bits)}/${bits}` : formatCidr(parseCidr(`${address}/${bits}`));
}

/** The first address of the range of that length that an IPv6 address is in. */
function network(address: string, bits: number): string {
  const cleared = groupsOf(address).map((group, index) => {
    const kept = Math.min(Math.max(bits - 16 * index, 0), 16);
    return (group & (0xffff << (16 - kept))).toString(16);
  });
  return shortened(cleared.join(':'));
}

/** The eight numbers of an IPv6 address. */
function groupsOf(address: string): number[] {
  const [left, right] = shortened(address)
    .split('::')
    .map((half) => half.split(':').filter(Boolean));
  const [before = [], after = []] = [left, right];
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16));
}

/** As URLs write it: in lower case, the longest run of zeros left out, and never in dotted form (WHATWG URL, "IPv6 serializer"). */
function shortened(address: string): string {
  return new URL(`http://[${address}]`).hostname.slice(1, -1);
}
