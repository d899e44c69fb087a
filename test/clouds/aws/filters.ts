import type { Filter, Tag } from '@aws-sdk/client-ec2';
import { refuse } from './refusal.ts';

/** What a filter looks at in a thing: by filter name, the thing's values. */
export type Fields = Readonly<Record<string, readonly (string | undefined)[]>>;

/**
 * EC2's filters: any of a filter's values, all of the filters; * and ? are wildcards; case matters.
 * EC2 user guide, "Filter your resources". An unknown filter is refused.
 */
export function matches(
  filters: readonly Filter[] | undefined,
  fields: Fields,
  tags: readonly Tag[],
): boolean {
  return (filters ?? []).every(({ Name = '', Values = [] }) => {
    const have = Name.startsWith('tag:')
      ? tags.filter((tag) => tag.Key === Name.slice(4)).map((tag) => tag.Value)
      : Name === 'tag-key'
        ? tags.map((tag) => tag.Key)
        : fields[Name];
    if (!have) return refuse('InvalidParameterValue', `The filter '${Name}' is invalid`);
    if (Values.length === 0) return refuse('InvalidParameterValue', `The filter '${Name}' has no values`);
    return Values.some((value) => have.some((one) => one !== undefined && wild(value).test(one)));
  });
}

/** Refuses filters that the action does not have, also where there is nothing to filter. */
export function checkNames(filters: readonly Filter[] | undefined, names: readonly string[]): void {
  const fields = Object.fromEntries(names.map((name) => [name, []]));
  for (const filter of filters ?? []) matches([filter], fields, []);
}

function wild(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  return new RegExp(`^${source}$`, 's');
}

/**
 * One page of a listing. EC2 may answer with fewer than asked for, and with none, before the last page:
 * EC2 reference, "Query requests", pagination. `size` 0: no paging.
 */
export function page<T>(
  all: readonly T[],
  request: { NextToken?: string | undefined; MaxResults?: number | undefined },
  size: number,
): { items: readonly T[]; NextToken?: string } {
  const from =
    request.NextToken === undefined ? 0 : Number(/^page-(\d+)$/.exec(request.NextToken)?.[1] ?? Number.NaN);
  if (Number.isNaN(from)) refuse('InvalidNextToken', 'The NextToken is not valid');
  if (request.MaxResults !== undefined && (request.MaxResults < 5 || request.MaxResults > 1000))
    refuse('InvalidParameterValue', 'MaxResults must be between 5 and 1000');
  const limit = request.MaxResults ?? (size || all.length || 1);
  const items = all.slice(from, from + limit);
  return from + limit < all.length ? { items, NextToken: `page-${from + limit}` } : { items };
}
