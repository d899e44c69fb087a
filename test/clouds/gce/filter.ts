import type { Json } from './protos.ts';
import { invalid } from './refusal.ts';

/**
 * The two kinds of list filters (compute v1 reference, `filter`): `field eq regexp`, which must match the whole field,
 * and AIP-160's `field = "literal"`, here with nested fields by dots.
 */
export function matcher(filter: string | undefined): (item: Json) => boolean {
  if (!filter) return () => true;
  const regular = /^([\w.-]+) (eq|ne) (?:'([^']*)'|"([^"]*)"|(\S+))$/.exec(filter);
  if (regular) {
    const [, field = '', operator, ...literals] = regular;
    const pattern = new RegExp(`^(?:${literals.find((each) => each !== undefined)})$`);
    return (item) => pattern.test(String(at(item, field) ?? '')) === (operator === 'eq');
  }
  const literal = /^([\w.-]+) *(=|!=) *"([^"]*)"$/.exec(filter);
  if (!literal)
    throw invalid(`Invalid value for field 'filter': '${filter}'. Invalid list filter expression.`);
  const [, field = '', operator, value] = literal;
  return (item) => (String(at(item, field) ?? '') === value) === (operator === '=');
}

function at(item: Json, field: string): unknown {
  return field.split('.').reduce<unknown>((value, part) => (value as Json | undefined)?.[part], item);
}
