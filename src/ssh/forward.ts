import type { Duplex } from 'node:stream';
import type { Client } from 'ssh2';
import { messageOf } from '../util/failure.ts';
import { SshError } from './errors.ts';

/** RFC 4254, 5.1: SSH_OPEN_ADMINISTRATIVELY_PROHIBITED */
const PROHIBITED = 1;
const REFUSED =
  'its sshd refuses forwarding (AllowTcpForwarding, PermitOpen or DisableForwarding in its sshd_config)';

/**
 * A connection from the machine to `host:port` as the machine sees them; no port is opened on this side.
 * @throws SshError `forbidden` when sshd's settings refuse it, `lost` when the machine cannot connect there or the session has
 * ended.
 */
export function forwardOn(
  client: Client,
  where: { readonly what: string; readonly host: string },
  host: string,
  port: number,
): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const fail = (words: string, kind: 'lost' | 'forbidden' = 'lost') =>
      reject(
        new SshError(
          kind,
          where.host,
          `${where.what} (${where.host}): no connection to ${host}:${port}: ${words}`,
        ),
      );
    const lost = () => fail('the connection was lost');
    client.once('close', lost);
    try {
      client.forwardOut('127.0.0.1', 0, host, port, (error, stream) => {
        client.removeListener('close', lost);
        if (!error) resolve(stream);
        else if ('reason' in error && error.reason === PROHIBITED) fail(REFUSED, 'forbidden');
        else fail(error.message);
      });
    } catch (error) {
      client.removeListener('close', lost);
      fail(messageOf(error));
    }
  });
}
