import type { Duplex } from 'node:stream';
import { withDeadline } from '../util/deadline.ts';
import { messageOf } from '../util/failure.ts';
import { callHttps, type HttpsAnswer, type TlsIdentity } from '../util/https.ts';
import { unlessAborted } from '../util/unless-aborted.ts';
import { EtcdError } from './errors.ts';

/** How one member is reached. */
export interface EtcdEndpoint {
  /** As messages name it: the replica's name. */
  readonly member: string;
  /** A fresh connection to the member's client port: `() => session.forward('127.0.0.1', 2379)`. */
  readonly connect: () => Promise<Duplex>;
  readonly tls: TlsIdentity;
  /** Another way to the same port, where the machine refuses forwarding; `connect` has failed with `refusal`. */
  readonly otherwise?: ((call: EtcdCall, refusal: unknown) => Promise<HttpsAnswer>) | undefined;
}

export interface EtcdCall {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  /** Follows "could not": "list the members". */
  readonly doing: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A member's certificate is for clients of its own machine. */
const NAME = 'localhost';

/** @throws EtcdError `timeout` or `unreachable`; the signal's reason when aborted. */
export function call(endpoint: EtcdEndpoint, what: EtcdCall): Promise<HttpsAnswer> {
  const { member } = endpoint;
  const { doing, timeoutMs } = what;
  return withDeadline(timeoutMs, what.signal, async (signal) => {
    try {
      return await oneWayOrTheOther(endpoint, what, signal);
    } catch (error) {
      what.signal?.throwIfAborted();
      if (signal.aborted)
        throw new EtcdError('timeout', member, doing, `no answer within ${timeoutMs / 1000} s`, error);
      throw new EtcdError('unreachable', member, doing, messageOf(error), error);
    }
  });
}

async function oneWayOrTheOther(
  { tls, connect, otherwise }: EtcdEndpoint,
  what: EtcdCall,
  signal: AbortSignal,
): Promise<HttpsAnswer> {
  let refusal: { readonly error: unknown } | undefined;
  const noted = (): Promise<Duplex> =>
    connect().catch((error: unknown) => {
      refusal = { error };
      throw error;
    });
  try {
    return await callHttps({ tls, name: NAME, connect: noted }, what, signal);
  } catch (error) {
    const refused = refusal;
    if (!refused || !otherwise || signal.aborted) throw error;
    return unlessAborted(signal, () => otherwise(what, refused.error));
  }
}
