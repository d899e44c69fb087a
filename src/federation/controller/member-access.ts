import { type ApiObject, fieldsOf } from '../model/object.ts';
import type { ApiAccess } from './api.ts';

/** How a member is reached, as its Cluster says. `secret`: the one with its token, asked for anew at each request. */
export function memberAccess(
  { spec = {} }: Pick<ApiObject, 'spec'>,
  secret: () => ApiObject | null,
): ApiAccess {
  const { server, caBundle } = spec;
  const caPem = caBundle ? decoded(caBundle) : undefined;
  return { server: String(server), caPem, token: () => tokenIn(secret()) };
}

/** The token in a member's Secret; empty where there is none. */
export function tokenIn(secret: ApiObject | null): string {
  return decoded(fieldsOf(secret?.data).token);
}

function decoded(base64: unknown): string {
  return Buffer.from(String(base64 ?? ''), 'base64').toString('utf8');
}
