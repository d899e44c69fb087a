/** IPv4 addresses as numbers, and ranges of them. Pure. */
export interface Range {
  /** The first address, as a number. */
  readonly first: number;
  /** How many addresses. */
  readonly size: number;
}

/** @throws RangeError unless `text` is a dotted quad. */
export function parseIp(text: string): number {
  const parts = text.split('.');
  const bytes = parts.map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : Number.NaN));
  if (bytes.length !== 4 || !bytes.every((byte) => byte <= 255))
    throw new RangeError(`${text} is not an IPv4 address`);
  return bytes.reduce((number, byte) => number * 256 + byte, 0);
}

export function formatIp(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 0xff).join('.');
}

/** `10.0.0.0/8`, or one address. @throws RangeError */
export function parseCidr(text: string): Range {
  const [ip = '', bits = '32'] = text.split('/');
  const length = /^\d{1,2}$/.test(bits) ? Number(bits) : Number.NaN;
  if (!(length <= 32)) throw new RangeError(`${text} is not an IPv4 range`);
  const size = 2 ** (32 - length);
  return { first: Math.floor(parseIp(ip) / size) * size, size };
}

export function formatCidr({ first, size }: Range): string {
  return `${formatIp(first)}/${32 - Math.log2(size)}`;
}

/** Every address of the one is one of the other. */
export function isWithin(part: Range, whole: Range): boolean {
  return part.first >= whole.first && part.first + part.size <= whole.first + whole.size;
}

export function overlap(a: Range, b: Range): boolean {
  return a.first < b.first + b.size && b.first < a.first + a.size;
}
