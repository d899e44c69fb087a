import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/**
 * The description of compute v1 that ships with the client: every method with its path, every message with its fields.
 * The test cloud answers to nothing else, so a field that GCE does not know is an error here as it is there.
 */
interface Field {
  readonly type: string;
  readonly rule?: 'repeated';
  readonly keyType?: string;
}
interface Node {
  readonly fields?: Readonly<Record<string, Field>>;
  readonly values?: Readonly<Record<string, number>>;
  readonly methods?: Readonly<
    Record<string, { requestType: string; responseType: string; options: Record<string, string> }>
  >;
  readonly nested?: Readonly<Record<string, Node>>;
}

export interface Route {
  /** `forwardingRules.insert`. */
  readonly method: `${string}.${string}`;
  readonly http: string;
  readonly pattern: RegExp;
  readonly pathFields: readonly string[];
  readonly requestType: string;
  readonly responseType: string;
  /** The field of the request that is its body; undefined: none. */
  readonly body: string | undefined;
}

const VERBS = ['get', 'post', 'put', 'patch', 'delete'];

const path = createRequire(import.meta.url)
  .resolve('@google-cloud/compute')
  .replace('src/index.js', 'protos/protos.json');
const root = JSON.parse(readFileSync(path, 'utf8')) as Node;
const v1 = ['google', 'cloud', 'compute', 'v1'].reduce<Node>((node, name) => node.nested?.[name] ?? {}, root);
const types = v1.nested ?? {};

const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const lowerFirst = (name: string) => `${name[0]?.toLowerCase()}${name.slice(1)}`;

export const routes: readonly Route[] = Object.entries(types).flatMap(([service, node]) =>
  Object.entries(node.methods ?? {}).flatMap(([name, method]) => {
    const verb = VERBS.find((each) => `(google.api.http).${each}` in method.options);
    const template = verb && method.options[`(google.api.http).${verb}`];
    if (!verb || !template) return [];
    const body = method.options['(google.api.http).body'];
    const pathFields = [...template.matchAll(/\{([^}]+)\}/g)].map((match) => camel(match[1] ?? ''));
    return {
      method: `${lowerFirst(service)}.${lowerFirst(name)}` as const,
      http: verb.toUpperCase(),
      pattern: new RegExp(`^${template.replace(/\{[^}]+\}/g, '([^/]+)')}$`),
      pathFields,
      requestType: method.requestType,
      responseType: method.responseType,
      body: body && camel(body),
    };
  }),
);

/** A message as JSON. */
export type Json = Readonly<Record<string, unknown>>;

/**
 * Compares JSON with a message type.
 * @returns what is wrong with it, as GCE words it; null when nothing is.
 */
export function wrongWith(value: unknown, type: string, where = 'resource'): string | null {
  const message = find(type, '');
  if (!message?.fields) return `no message type ${type}`;
  return wrongWithMessage(value, message, type, where);
}

/** The fields of a message type; undefined when there is none. */
export function fieldsOf(type: string): Readonly<Record<string, Field>> | undefined {
  return find(type, '')?.fields;
}

function find(type: string, within: string): Node | undefined {
  const parts = type.replace(/^\.?google\.cloud\.compute\.v1\./, '').split('.');
  const inside = types[within]?.nested?.[parts[0] ?? ''];
  return parts.reduce<Node | undefined>(
    (node, name, index) => (index === 0 ? (inside ?? types[name]) : node?.nested?.[name]),
    v1,
  );
}

function wrongWithMessage(value: unknown, message: Node, type: string, where: string): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return `Invalid value at '${where}' (${type})`;
  for (const [name, inner] of Object.entries(value)) {
    const field = message.fields?.[name];
    if (!field)
      return `Invalid JSON payload received. Unknown name "${name}" at '${where}': Cannot find field.`;
    const wrong = wrongWithField(inner, field, type, `${where}.${name}`);
    if (wrong) return wrong;
  }
  return null;
}

function wrongWithField(value: unknown, field: Field, within: string, where: string): string | null {
  if (field.keyType) {
    if (typeof value !== 'object' || value === null) return `Invalid value at '${where}' (map)`;
    return firstWrong(
      Object.entries(value).map(([key, each]) => wrongWithValue(each, field.type, within, `${where}.${key}`)),
    );
  }
  if (field.rule === 'repeated') {
    if (!Array.isArray(value)) return `Invalid value at '${where}' (a list of ${field.type})`;
    return firstWrong(
      value.map((each, index) => wrongWithValue(each, field.type, within, `${where}[${index}]`)),
    );
  }
  return wrongWithValue(value, field.type, within, where);
}

function firstWrong(found: readonly (string | null)[]): string | null {
  return found.find((each) => each !== null) ?? null;
}

/** How JSON writes each scalar type (proto3's JSON mapping); 64-bit numbers are strings. */
const SCALARS: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  bool: (value) => typeof value === 'boolean',
  int32: Number.isInteger,
  uint32: Number.isInteger,
  float: (value) => typeof value === 'number',
  double: (value) => typeof value === 'number',
  int64: (value) => /^-?\d+$/.test(String(value)),
  uint64: (value) => /^\d+$/.test(String(value)),
};

function wrongWithValue(value: unknown, type: string, within: string, where: string): string | null {
  const scalar = SCALARS[type];
  if (scalar) return scalar(value) ? null : `Invalid value at '${where}' (${type}), ${JSON.stringify(value)}`;
  const node = find(type, within);
  if (node?.values)
    return String(value) in node.values ? null : `Invalid value at '${where}' (${type}), "${String(value)}"`;
  if (!node?.fields) return `no message type ${type}`;
  return wrongWithMessage(value, node, type, where);
}
