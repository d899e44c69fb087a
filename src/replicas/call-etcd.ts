import type { EtcdCall } from '../etcd/transport.ts';
import { shellScript } from '../ssh/script.ts';
import type { Session } from '../ssh/session.ts';
import type { HttpsAnswer } from '../util/https.ts';
import { pkiFolder } from './paths.ts';
import { ETCD_CLIENT_URL } from './units/etcd.ts';

const script = shellScript('replicas/scripts/call-etcd.sh', ['pki', 'seconds', 'method', 'url', 'body']);

/**
 * A request to the machine's own etcd, made there: for a machine whose sshd refuses forwarding. With the etcd client
 * certificate that every master has.
 * @throws SshError; Error with curl's words
 */
export async function callEtcdThere(session: Session, call: EtcdCall): Promise<HttpsAnswer> {
  const { method, path, doing, body, timeoutMs, signal } = call;
  const out = await session.run(
    script({
      ...{ pki: pkiFolder, seconds: Math.ceil(timeoutMs / 1000), method, url: ETCD_CLIENT_URL + path },
      body: body === undefined ? '' : 'yes',
    }),
    { what: doing, input: body, timeoutMs: timeoutMs + 5_000, signal },
  );
  const end = out.lastIndexOf('\n');
  return { status: Number(out.slice(end + 1)), text: out.slice(0, end) };
}
