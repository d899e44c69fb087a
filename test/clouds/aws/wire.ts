import * as ec2 from '@aws-sdk/client-ec2';
import * as elb from '@aws-sdk/client-elastic-load-balancing-v2';
import { type Refusal, refuse } from './refusal.ts';

/**
 * AWS's query/XML wire formats, read from the definitions that ship with the SDK: a parameter that AWS does not know is
 * refused, and an answer with a field that AWS does not have is a defect of this test cloud.
 */
export type Service = 'ec2' | 'elasticloadbalancing';

/** A schema as the SDK holds it: a number (scalar), a tuple (list 1, map 2, structure 3), or a function giving one. */
type Schema = number | readonly unknown[] | (() => Schema);
type Traits = Partial<Record<'xmlName' | 'ec2QueryName' | 'xmlFlattened', string>>;

interface Member {
  readonly name: string;
  readonly schema: Schema;
  readonly traits: Traits;
}

const sdk: Record<Service, Record<string, unknown>> = {
  ec2: ec2 as unknown as Record<string, unknown>,
  elasticloadbalancing: elb as unknown as Record<string, unknown>,
};
const namespaces: Record<Service, string> = {
  ec2: 'http://ec2.amazonaws.com/doc/2016-11-15/',
  elasticloadbalancing: 'http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/',
};

function operation(service: Service, action: string): readonly unknown[] {
  const found = sdk[service][`${action}$`];
  if (Array.isArray(found) && found[0] === 9) return found;
  return refuse('InvalidAction', `The action ${action} is not valid for this web service.`);
}

/** A tuple's schema and traits; traits may be absent or a bit mask without names. */
function unwrap(schema: Schema): { schema: Exclude<Schema, () => Schema>; traits: Traits } {
  let current: unknown = schema;
  let traits: Traits = {};
  for (;;) {
    if (typeof current === 'function') current = (current as () => unknown)();
    else if (Array.isArray(current) && current.length === 2 && typeof current[1] !== 'string') {
      if (typeof current[1] === 'object') traits = { ...(current[1] as Traits), ...traits };
      current = current[0];
    } else return { schema: current as number | readonly unknown[], traits };
  }
}

function members(structure: readonly unknown[]): Member[] {
  const names = structure[4] as string[];
  const schemas = structure[5] as Schema[];
  return names.map((name, index) => {
    const { traits } = unwrap(schemas[index]!);
    return { name, schema: schemas[index]!, traits };
  });
}

function isStructure(schema: number | readonly unknown[]): schema is readonly unknown[] {
  return Array.isArray(schema) && schema[0] === 3;
}

/** The member schema of a list, or null. 64 marks a list of a scalar. */
function listMember(schema: number | readonly unknown[]): { schema: Schema; traits: Traits } | null {
  if (typeof schema === 'number') return schema & 64 ? { schema: schema & ~64, traits: {} } : null;
  if (schema[0] !== 1) return null;
  const inner = schema[4] as Schema;
  return { schema: inner, traits: unwrap(inner).traits };
}

type Tree = { value?: string; children: Map<string, Tree> };

/** The request's parameters as the SDK's own input type, every one of them known and of the right type. */
export function decode(service: Service, action: string, form: URLSearchParams): object {
  const root: Tree = { children: new Map() };
  for (const [key, value] of form) {
    if (key === 'Action' || key === 'Version') continue;
    let node = root;
    for (const part of key.split('.')) {
      const next = node.children.get(part) ?? { children: new Map() };
      node.children.set(part, next);
      node = next;
    }
    node.value = value;
  }
  const { schema } = unwrap(operation(service, action)[4] as Schema);
  return isStructure(schema) ? (readStructure(service, schema, root, '') as object) : {};
}

function readStructure(service: Service, schema: readonly unknown[], tree: Tree, path: string): unknown {
  const result: Record<string, unknown> = {};
  const left = new Set(tree.children.keys());
  const all = members(schema);
  for (const member of all) {
    const key = queryName(service, member);
    const node = tree.children.get(key);
    if (!node) continue;
    left.delete(key);
    result[member.name] = read(service, member.schema, node, `${path}${key}`);
  }
  const unknown = [...left][0];
  if (unknown !== undefined)
    refuse(
      service === 'ec2' ? 'UnknownParameter' : 'ValidationError',
      `The parameter ${path}${unknown} is not recognized`,
    );
  for (const member of all.slice(0, (schema[6] as number | undefined) ?? 0))
    if (result[member.name] === undefined)
      refuse(
        service === 'ec2' ? 'MissingParameter' : 'ValidationError',
        `The request must contain the parameter ${path}${queryName(service, member)}`,
      );
  return result;
}

function read(service: Service, wrapped: Schema, tree: Tree, path: string): unknown {
  const { schema, traits } = unwrap(wrapped);
  const item = listMember(schema);
  if (item) {
    const flat = service === 'ec2' || traits.xmlFlattened !== undefined;
    const entries = flat ? tree : tree.children.get(item.traits.xmlName ?? 'member');
    if (!entries) return []; // the query protocol writes an empty list as an empty value
    return [...entries.children]
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([index, node]) => {
        if (!/^[1-9]\d*$/.test(index))
          refuse('UnknownParameter', `The parameter ${path}.${index} is not recognized`);
        return read(service, item.schema, node, `${path}.${index}`);
      });
  }
  if (isStructure(schema)) return readStructure(service, schema, tree, `${path}.`);
  if (tree.children.size > 0 || tree.value === undefined)
    return refuse('InvalidParameterValue', `${path} is not a single value`);
  return scalar(schema, tree.value, path);
}

function scalar(schema: unknown, text: string, path: string): unknown {
  if (schema === 1) {
    if (!/^-?\d+(\.\d+)?$/.test(text))
      refuse('InvalidParameterValue', `Value (${text}) for parameter ${path} is invalid`);
    return Number(text);
  }
  if (schema === 2) {
    if (text !== 'true' && text !== 'false')
      refuse('InvalidParameterValue', `Value (${text}) for parameter ${path} is invalid`);
    return text === 'true';
  }
  return text;
}

function queryName(service: Service, { name, traits }: Member): string {
  if (service !== 'ec2') return traits.xmlName ?? name;
  if (traits.ec2QueryName) return traits.ec2QueryName;
  const base = traits.xmlName ?? name;
  return base[0]!.toUpperCase() + base.slice(1);
}

/** The answer's XML, in each service's envelope. */
export function encode(service: Service, action: string, output: object, requestId: string): string {
  const { schema } = unwrap(operation(service, action)[5] as Schema);
  const body = isStructure(schema) ? writeStructure(schema, output, action) : '';
  const attributes = `xmlns="${namespaces[service]}"`;
  if (service === 'ec2')
    return `<${action}Response ${attributes}><requestId>${requestId}</requestId>${body}</${action}Response>`;
  return (
    `<${action}Response ${attributes}><${action}Result>${body}</${action}Result>` +
    `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata></${action}Response>`
  );
}

function writeStructure(schema: readonly unknown[], value: object, path: string): string {
  const all = members(schema);
  for (const key of Object.keys(value))
    if (!all.some((member) => member.name === key)) throw new Error(`AWS has no field ${path}.${key}`);
  return all
    .map((member) => {
      const field = (value as Record<string, unknown>)[member.name];
      if (field === undefined || field === null) return '';
      const name = member.traits.xmlName ?? member.name;
      return `<${name}>${write(member.schema, field, `${path}.${member.name}`)}</${name}>`;
    })
    .join('');
}

function write(wrapped: Schema, value: unknown, path: string): string {
  const { schema } = unwrap(wrapped);
  const item = listMember(schema);
  if (item) {
    const name = item.traits.xmlName ?? 'member';
    return (value as unknown[]).map((one) => `<${name}>${write(item.schema, one, path)}</${name}>`).join('');
  }
  if (isStructure(schema)) return writeStructure(schema, value as object, path);
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'object') throw new Error(`${path} is not a scalar`);
  return escapeXml(String(value));
}

export function encodeError(
  service: Service,
  { code, message }: Pick<Refusal, 'code' | 'message'>,
  id: string,
): string {
  const error = `<Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message>`;
  if (service === 'ec2')
    return `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>${error}</Error></Errors><RequestID>${id}</RequestID></Response>`;
  return `<ErrorResponse xmlns="${namespaces[service]}"><Error><Type>Sender</Type>${error}</Error><RequestId>${id}</RequestId></ErrorResponse>`;
}

function escapeXml(text: string): string {
  return text.replace(
    /[&<>"]/g,
    (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[char]!,
  );
}
