import type { Api } from '../controller/api.ts';
import { NAMESPACE } from '../model/names.ts';
import type { ApiObject } from '../model/object.ts';

/** On the Secret with a member's token: RFC 3339. */
export const EXPIRES_ANNOTATION = 'federation.haup.dev/expires';

/** A federation that is off for longer than what is left of it has to join its members again. */
const LIFETIME_SECONDS = 30 * 86_400;

/** A token of the federation's account in the member. The member may give a shorter one than it is asked for. */
export async function newToken(
  member: Api,
  federation: string,
): Promise<{ readonly token: string; readonly expires: string }> {
  const path = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts/${federation}/token`;
  const body = {
    ...{ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest' },
    spec: { expirationSeconds: LIFETIME_SECONDS },
  };
  const { status = {} } = await member.call('POST', path, { body });
  return { token: String(status.token), expires: String(status.expirationTimestamp) };
}

/** More than two thirds of its life are left: no new one is needed. */
export function isFresh({ metadata }: Pick<ApiObject, 'metadata'>, now: number): boolean {
  const expires = Date.parse(metadata.annotations?.[EXPIRES_ANNOTATION] ?? '');
  return expires - now > (LIFETIME_SECONDS * 1000 * 2) / 3;
}
