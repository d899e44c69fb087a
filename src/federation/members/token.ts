import type { Api } from '../controller/api.ts';
import { NAMESPACE } from '../model/names.ts';
import type { ApiObject } from '../model/object.ts';

/** On the Secret with a member's token: RFC 3339. */
const EXPIRES_ANNOTATION = 'federation.haup.dev/expires';

/** The same, of the moment at which it was asked for. */
const ISSUED_ANNOTATION = 'federation.haup.dev/issued';

/** A federation that is off for longer than what is left of it has to join its members again. */
const LIFETIME_SECONDS = 30 * 86_400;

export interface Token {
  /** A secret. */
  readonly token: string;
  /** RFC 3339 */
  readonly expires: string;
}

/** A token of the federation's account in the member. The member may give a shorter one than it is asked for. */
export async function newToken(member: Api, federation: string): Promise<Token> {
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

/** What the Secret with the token says of it. `now`: milliseconds since 1970. */
export function tokenMetadata({ expires }: Token, now: number): Pick<ApiObject['metadata'], 'annotations'> {
  return { annotations: { [EXPIRES_ANNOTATION]: expires, [ISSUED_ANNOTATION]: new Date(now).toISOString() } };
}

/** Half of its life is over, however long the member lets it be. One that says nothing of itself is left alone. */
export function isDue({ metadata: { annotations = {} } }: Pick<ApiObject, 'metadata'>, now: number): boolean {
  const expires = Date.parse(annotations[EXPIRES_ANNOTATION] ?? '');
  const issued = Date.parse(annotations[ISSUED_ANNOTATION] ?? '');
  const life = Number.isNaN(issued) ? LIFETIME_SECONDS * 1000 : expires - issued;
  return expires - now < life / 2;
}
