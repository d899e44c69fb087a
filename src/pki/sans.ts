import { isIPv4, isIPv6, SocketAddress } from 'node:net';
import { PkiError } from './errors.ts';

/** The one spelling of an IPv6 address; IPv4 addresses and DNS names in lower case. */
export function canonicalSan(san: string): string {
  return isIPv6(san) ? new SocketAddress({ address: san, family: 'ipv6' }).address : san.toLowerCase();
}

/**
 * The first address of a service network, which Kubernetes gives to the `kubernetes` service: 10.96.0.0/12 → 10.96.0.1.
 * @throws PkiError when it is not a network with at least two addresses.
 */
export function firstServiceIp(cidr: string): string {
  return serviceIp(cidr, 1);
}

/**
 * The address of that number in a service network: 10.96.0.0/12, 10 → 10.96.0.10. Host bits in the network's address are ignored, as
 * the API server does.
 * @throws PkiError when it is not a network that has it.
 */
export function serviceIp(cidr: string, number: number): string {
  const [address = '', prefix = ''] = cidr.split('/');
  const width = isIPv4(address) ? 32 : isIPv6(address) ? 128 : 0;
  const length = /^\d{1,3}$/.test(prefix) ? Number(prefix) : Number.NaN;
  if (width === 0 || !(length < width))
    throw new PkiError(`${cidr} is not a service network (like 10.96.0.0/12)`);
  const hostBits = BigInt(width - length);
  if (BigInt(number) >= 1n << hostBits) throw new PkiError(`${cidr} has no address number ${number}`);
  const wanted = ((toNumber(address) >> hostBits) << hostBits) + BigInt(number);
  return width === 32 ? ipv4(wanted) : ipv6(wanted);
}

/** 4 or 16 octets, in network order. */
export function ipOctets(address: string): Buffer {
  return Buffer.from(
    toNumber(address)
      .toString(16)
      .padStart(isIPv4(address) ? 8 : 32, '0'),
    'hex',
  );
}

function toNumber(address: string): bigint {
  if (isIPv4(address)) return address.split('.').reduce((sum, octet) => sum * 256n + BigInt(octet), 0n);
  const [head = '', tail] = canonicalSan(address).split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const zeros = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(zeros).fill('0'), ...groups(tail ?? '')];
  return all.reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}

function ipv4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
}

function ipv6(value: bigint): string {
  const hex = value.toString(16).padStart(32, '0');
  return canonicalSan(hex.match(/.{4}/g)!.join(':'));
}
