import { randomInt } from 'node:crypto';
import { call } from '../../kubernetes/call.ts';
import type { ApiClient } from '../../kubernetes/client.ts';
import { type Clock, systemClock } from '../../util/clock.ts';
import { rfc3339 } from '../../util/text/rfc3339.ts';

/** Who joins by such a token is in this group, kubeadm's own for it; the add-on `node-bootstrap` says what it may. */
const JOIN_GROUP = 'system:bootstrappers:kubeadm:default-node-token';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

/**
 * Makes a bootstrap token "id.secret" (kubernetes.io: bootstrap tokens), which lets its holder ask for a node's client certificate, and
 * read what kubeadm reads. The token cleaner of the controller manager deletes it when its minutes are over.
 * @param purpose becomes its description: "join demo-node-abc".
 * @throws ApiError
 */
export async function createJoinToken(
  api: ApiClient,
  options: {
    readonly purpose: string;
    readonly minutes: number;
    /** For discovery by kubeadm too: the token then signs kube-public/cluster-info. */
    readonly discovery?: boolean;
    readonly clock?: Clock;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<string> {
  const { purpose, minutes, discovery = false, clock = systemClock, signal } = options;
  const id = random(6);
  const secret = random(16);
  const expiration = rfc3339(clock.now() + minutes * 60_000);
  await call(api, {
    doing: `make a token to ${purpose}`,
    method: 'POST',
    path: '/api/v1/namespaces/kube-system/secrets',
    body: {
      metadata: { name: `bootstrap-token-${id}` },
      type: 'bootstrap.kubernetes.io/token',
      stringData: {
        description: purpose,
        'token-id': id,
        'token-secret': secret,
        expiration,
        'usage-bootstrap-authentication': 'true',
        ...(discovery ? { 'usage-bootstrap-signing': 'true' } : {}),
        'auth-extra-groups': JOIN_GROUP,
      },
    },
    signal,
  });
  return `${id}.${secret}`;
}

/** Takes a token back; one that is gone is no error. @throws ApiError */
export async function deleteJoinToken(api: ApiClient, token: string, signal?: AbortSignal): Promise<void> {
  await call(api, {
    doing: 'delete a join token',
    method: 'DELETE',
    path: `/api/v1/namespaces/kube-system/secrets/bootstrap-token-${token.split('.')[0]}`,
    accept: [404],
    signal,
  });
}

function random(length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}
