import { createPrivateKey, sign, X509Certificate } from 'node:crypto';

/**
 * The same certificate, signed anew by its authority, with an end in the past: what a cluster's certificates are a year after
 * nobody looked.
 */
export function expired(certPem: string, authorityKeyPem: string): string {
  return dated(certPem, authorityKeyPem, '240101000000Z', '250101000000Z');
}

/** Signed anew as well: less than a third of its life, a year, is left. */
export function dueToBeRenewed(certPem: string, authorityKeyPem: string, now = Date.now()): string {
  const DAY_MS = 86_400_000;
  return dated(certPem, authorityKeyPem, utcTime(now - 265 * DAY_MS), utcTime(now + 100 * DAY_MS));
}

function utcTime(ms: number): string {
  return `${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`;
}

/** With these first and last moments: UTCTime, of the same length as those that they replace. */
function dated(certPem: string, authorityKeyPem: string, from: string, until: string): string {
  const [tbs, algorithm] = children(new X509Certificate(certPem).raw);
  const end = tbs!.whole.indexOf(
    Buffer.from([0x17, 0x0d]),
    tbs!.whole.indexOf(Buffer.from([0x17, 0x0d])) + 2,
  );
  const body = Buffer.from(tbs!.whole);
  body.write(until, end + 2, 'latin1');
  body.write(from, end - 13, 'latin1');
  const signature = sign('sha256', body, createPrivateKey(authorityKeyPem));
  const bits = element(0x03, Buffer.concat([Buffer.from([0]), signature]));
  const der = element(0x30, Buffer.concat([body, algorithm!.whole, bits]));
  const lines = der.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

interface Element {
  readonly whole: Buffer;
}

/** The elements that a buffer is made of; those within, when it is one of the constructed kind. */
function children(der: Buffer): Element[] {
  const first = read(der, 0);
  if (first.end === der.length && der[0] === 0x30) {
    const found: Element[] = [];
    for (let at = first.begin; at < der.length; ) {
      const next = read(der, at);
      found.push({ whole: der.subarray(at, next.end) });
      at = next.end;
    }
    return found;
  }
  return [{ whole: der }];
}

function read(der: Buffer, at: number): { readonly begin: number; readonly end: number } {
  const length = der[at + 1]!;
  if (length < 0x80) return { begin: at + 2, end: at + 2 + length };
  const bytes = length & 0x7f;
  const begin = at + 2 + bytes;
  return { begin, end: begin + der.readUIntBE(at + 2, bytes) };
}

function element(tag: number, content: Buffer): Buffer {
  const size = content.length;
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}
