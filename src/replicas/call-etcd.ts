import type { HttpAnswer, HttpCall } from '../etcd/transport.ts';
import { shellQuote } from '../ssh/quote.ts';
import type { Session } from '../ssh/session.ts';
import { curl } from './curl.ts';
import { pkiPath } from './paths.ts';
import { ETCD_CLIENT_URL } from './units/etcd.ts';

/**
 * A request to the machine's own etcd, made there: for a machine whose sshd refuses forwarding. With the etcd client
 * certificate that every master has.
 * @throws SshError; Error with curl's words
 */
export async function callEtcdThere(session: Session, call: HttpCall): Promise<HttpAnswer> {
  const seconds = Math.ceil(call.timeoutMs / 1000);
  const body = call.body === undefined ? '' : "-H 'content-type: application/json' --data-binary @-";
  const out = await session.run(
    `${curl} -sS -m ${seconds} --cacert ${pkiPath('etcd/ca.crt')} --cert ${pkiPath('etcd/client.crt')} \\
  --key ${pkiPath('etcd/client.key')} -X ${call.method} ${body} -w '\\n%{http_code}' ${shellQuote(ETCD_CLIENT_URL + call.path)}`,
    { what: call.doing, input: call.body, timeoutMs: call.timeoutMs + 5_000, signal: call.signal },
  );
  const end = out.lastIndexOf('\n');
  return { status: Number(out.slice(end + 1)), body: out.slice(0, end) };
}
