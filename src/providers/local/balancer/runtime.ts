import { connect } from 'node:net';
import { hasCode } from '../../../util/host/os-error.ts';
import { ProviderError } from '../../errors.ts';
import { CHECKED, type Server, serverOptions, UNCHECKED } from './config.ts';

/** haproxy's runtime API over its socket. See chapter 9.3 of its management guide. */

/** haproxy has ended, or ends before it has answered. */
export class BalancerGone extends ProviderError {
  constructor(text: string, cause?: unknown) {
    super('transient', `haproxy ended before it had answered ${JSON.stringify(text)}`, { cause });
  }
}

/** What the kernel says where a process listened, listens no more, or dies with our question unread. */
const GONE_CODES = ['ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE'];

/** One command; resolves with the whole answer, which ends with a line's end. @throws BalancerGone */
export function command(socket: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const stream = connect(socket);
    stream.setTimeout(5000, () =>
      stream.destroy(new Error(`haproxy did not answer ${JSON.stringify(text)}`)),
    );
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('error', (error) =>
      reject(hasCode(error, ...GONE_CODES) ? new BalancerGone(text, error) : error),
    );
    stream.on('end', () => {
      const answer = Buffer.concat(chunks).toString();
      if (answer.endsWith('\n')) resolve(answer.trim());
      else reject(new BalancerGone(text));
    });
    stream.write(`${text}\n`);
  });
}

/** A command that answers with nothing, or with one of `answers`, unless it failed. */
async function order(socket: string, text: string, answers: readonly RegExp[] = []): Promise<void> {
  const answer = await command(socket, text);
  if (answer === '' || answers.some((each) => each.test(answer))) return;
  throw new ProviderError('transient', `haproxy refused ${JSON.stringify(text)}: ${answer}`);
}

export interface ServerState {
  readonly name: string;
  /** It gets new connections as far as its health allows: neither being drained nor yet to be admitted. */
  readonly inService: boolean;
  /** Its latest health check passed. */
  readonly passing: boolean;
  /** The balancer's verdict, which is what counts for new connections: checked, and not failed three times in a row. */
  readonly healthy: boolean;
  /** Connections that it has now, in either backend. */
  readonly connections: number;
  /** What the latest check found, in haproxy's words. */
  readonly detail: string;
}

/** Bits of haproxy's `srv_admin_state` that keep new connections away: maintenance and drain, by whatever cause. */
const OUT_OF_SERVICE = 0x01 | 0x02 | 0x04 | 0x08 | 0x10 | 0x20;

/** Every server, as haproxy sees it now. */
export async function serverStates(socket: string): Promise<ServerState[]> {
  // Only the first says what was ordered: a drained server that fails its checks is DOWN to `show stat`, not DRAIN.
  const ordered = await command(socket, `show servers state ${CHECKED}`);
  const rows = parseCsv(await command(socket, 'show stat'));
  return ordered.split('\n').flatMap((line) => {
    const [, backend, , name, , , admin] = line.split(' ');
    if (backend !== CHECKED || !name) return [];
    const row = rows.find((each) => each.pxname === CHECKED && each.svname === name);
    const twin = rows.find((each) => each.pxname === UNCHECKED && each.svname === name);
    const status = row?.status ?? '';
    const check = (row?.check_status ?? '').replace(/^\* /, '');
    return {
      name,
      inService: (Number(admin) & OUT_OF_SERVICE) === 0,
      passing: check === 'L7OK',
      healthy: status.startsWith('UP') && !['', 'INI'].includes(check),
      connections: Number(row?.scur ?? 0) + Number(twin?.scur ?? 0),
      detail: `${status} ${check} ${row?.last_chk ?? ''}`.trim(),
    };
  });
}

/** Adds a server that is checked at once and gets no connection yet. */
export async function addServer(socket: string, server: Server, port: number): Promise<void> {
  for (const backend of [CHECKED, UNCHECKED]) {
    const name = `${backend}/${server.name}`;
    const added = [/New server registered/, /Already exists/i];
    await order(socket, `add server ${name} ${serverOptions(backend, server, port)}`, added);
    if (backend === CHECKED) await order(socket, `enable health ${name}`);
    await order(socket, `set server ${name} state drain`);
  }
}

export async function setState(
  socket: string,
  name: string,
  state: 'ready' | 'drain' | 'maint',
): Promise<void> {
  for (const backend of [CHECKED, UNCHECKED])
    await order(socket, `set server ${backend}/${name} state ${state}`);
}

/** A client's connection through the balancer. */
export interface Connection {
  readonly id: string;
  /** Bytes so far, to the server and back. */
  readonly passed: string;
  /** Some have not been passed on yet. */
  readonly pending: boolean;
}

/** The connections that clients have open, those of the runtime API left out. */
export async function clientConnections(socket: string): Promise<Connection[]> {
  const sessions = (await command(socket, 'show sess all')).split(/^(?=0x)/m);
  return sessions
    .filter((session) => session.includes('proto=tcp'))
    .map((session) => ({
      id: session.slice(0, session.indexOf(':')),
      passed: [...session.matchAll(/ total=(\d+)/g)].map(([, bytes]) => bytes).join(),
      pending: / o=[1-9]/.test(session),
    }));
}

/** Ends one of them. */
export async function endConnection(socket: string, id: string): Promise<void> {
  await order(socket, `shutdown session ${id}`);
}

/** A server is deleted from one backend after the other: one of them may know it no more. */
const GONE = /No such server/;

/** Ends the connections of a server; their clients see them closed. */
export async function endConnections(socket: string, name: string): Promise<void> {
  for (const backend of [CHECKED, UNCHECKED])
    await order(socket, `shutdown sessions server ${backend}/${name}`, [GONE]);
}

/** Deletes a server. It must have no connections. */
export async function deleteServer(socket: string, name: string): Promise<void> {
  for (const backend of [CHECKED, UNCHECKED]) {
    await order(socket, `set server ${backend}/${name} state maint`, [GONE]);
    await order(socket, `del server ${backend}/${name}`, [/Server deleted/, GONE]);
  }
}

function parseCsv(text: string): Record<string, string>[] {
  const [header = '', ...lines] = text.split('\n');
  const names = header.replace(/^# /, '').split(',');
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      // Only the last fields may be quoted, and none that we read may hold a comma.
      const values = line.split(',');
      return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
    });
}
