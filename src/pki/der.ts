import { PkiError } from './errors.ts';

/** One DER element: `tag` is the identifier octet, `raw` the whole element, `content` what is inside. */
export interface DerElement {
  readonly tag: number;
  readonly raw: Buffer;
  readonly content: Buffer;
}

/**
 * The elements that stand one after the other in `der`. A reader of our own, so that what the issuing library wrote is
 * judged by other code (node:crypto shows neither the key usage nor the path length). Low tag numbers only, as X.509 has.
 * @throws PkiError on anything that is not DER.
 */
function derElements(der: Buffer): DerElement[] {
  const elements: DerElement[] = [];
  for (let at = 0; at < der.length; ) {
    const first = der[at + 1] ?? 0x80;
    const lengthOctets = first < 0x80 ? 0 : first & 0x7f;
    if (first === 0x80 || lengthOctets > 4) throw new PkiError('not DER: bad length');
    const start = at + 2 + lengthOctets;
    const length =
      lengthOctets === 0 ? first : der.subarray(at + 2, start).reduce((sum, octet) => sum * 256 + octet, 0);
    if (start + length > der.length) throw new PkiError('not DER: cut short');
    elements.push({
      tag: der[at]!,
      raw: der.subarray(at, start + length),
      content: der.subarray(start, start + length),
    });
    at = start + length;
  }
  return elements;
}

/** The single element that fills `der`, and its children. */
export function derChildren(der: Buffer): DerElement[] {
  const [only, ...rest] = derElements(der);
  if (only === undefined || rest.length > 0) throw new PkiError('not DER: one element expected');
  return derElements(only.content);
}

interface Extension {
  readonly critical: boolean;
  readonly value: Buffer;
}

export interface TbsCertificate {
  /** The subject's Name, as it must appear, octet for octet, as the issuer's name in what it signs. */
  readonly subject: Buffer;
  /** By dotted object identifier. */
  readonly extensions: ReadonlyMap<string, Extension>;
}

/** RFC 5280 §4.1: version [0], serial, signature, issuer, validity, subject, key, extensions [3]. */
export function readTbsCertificate(certificate: Buffer): TbsCertificate {
  const tbs = derElements(derChildren(certificate)[0]?.content ?? Buffer.alloc(0));
  const subject = tbs[5];
  const wrapped = tbs.find((element) => element.tag === 0xa3);
  if (subject === undefined || wrapped === undefined) throw new PkiError('not an X.509 v3 certificate');
  const extensions = derChildren(wrapped.content).map(({ content }): [string, Extension] => {
    const parts = derElements(content);
    return [
      dottedOid(parts[0]!.content),
      { critical: parts.length === 3 && parts[1]!.content[0] === 0xff, value: parts.at(-1)!.content },
    ];
  });
  return { subject: subject.raw, extensions: new Map(extensions) };
}

/** X.690 §8.19; enough for the arcs 0.x and 1.x and for 2.0–2.47, where all X.509 extensions are. */
function dottedOid(content: Buffer): string {
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of content) {
    arc = arc * 128 + (octet & 0x7f);
    if (octet < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const [first = 0, ...rest] = arcs;
  const root = Math.min(Math.floor(first / 40), 2);
  return [root, first - root * 40, ...rest].join('.');
}
