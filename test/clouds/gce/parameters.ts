import { Refusal } from './refusal.ts';

/**
 * What every Google API takes beside a method's own parameters (Google, "System parameters"; the `parameters` of the discovery
 * document of compute v1). `alt` other than JSON is for media, which Compute Engine has none of.
 */
export const SYSTEM_PARAMETERS: ReadonlySet<string> = new Set([
  '$.xgafv',
  'access_token',
  'alt',
  'callback',
  'fields',
  'key',
  'oauth_token',
  'prettyPrint',
  'quotaUser',
  'uploadType',
  'upload_protocol',
  'userIp',
]);

type Mask = ReadonlyMap<string, Mask | null>;

/** The part of an answer that `fields` asks for: `a,b/c,items(name,zone)`, where `*` is any field. Null: all of it. */
export function partOf(message: unknown, fields: string | null): unknown {
  return fields === null ? message : masked(message, parse(fields));
}

function masked(value: unknown, mask: Mask | null): unknown {
  if (mask === null) return value;
  if (Array.isArray(value)) return value.map((each) => masked(each, mask));
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value).flatMap(([name, each]) => {
    const below = mask.has(name) ? mask.get(name) : mask.get('*');
    return below === undefined ? [] : [[name, masked(each, below)]];
  });
  return Object.fromEntries(kept);
}

function parse(text: string): Mask {
  const tokens = text.match(/[A-Za-z0-9_*-]+|[(),/]/g) ?? [];
  let at = 0;
  const list = (): Mask => {
    const mask = new Map<string, Mask | null>();
    do {
      const name = tokens[at++];
      if (name === undefined || /^[(),/]$/.test(name)) throw wrong(text);
      mask.set(name, below());
    } while (tokens[at] === ',' && at++ >= 0);
    return mask;
  };
  const below = (): Mask | null => {
    if (tokens[at] === '/') {
      at++;
      const name = tokens[at++];
      if (name === undefined) throw wrong(text);
      return new Map([[name, below()]]);
    }
    if (tokens[at] !== '(') return null;
    at++;
    const mask = list();
    if (tokens[at++] !== ')') throw wrong(text);
    return mask;
  };
  const mask = list();
  if (at !== tokens.length || tokens.join('') !== text) throw wrong(text);
  return mask;
}

function wrong(text: string): Refusal {
  return new Refusal(400, 'invalidParameter', `Invalid field selection ${text}`);
}
