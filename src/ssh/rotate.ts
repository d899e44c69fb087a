import { connect, type SshTarget } from './connect.ts';
import { SshError } from './errors.ts';
import type { PinnedHostKey } from './hostkey.ts';
import { sameKey } from './keys.ts';
import { shellScript } from './script.ts';
import type { Session } from './session.ts';

export interface RotateOptions {
  readonly signal?: AbortSignal | undefined;
  /** Where sshd reads its ed25519 key. */
  readonly hostKeyFile?: string | undefined;
  /** The command that makes the running sshd read its keys again. */
  readonly reload?: string | undefined;
}

const HOST_KEY_FILE = '/etc/ssh/ssh_host_ed25519_key';
const RELOAD = 'systemctl reload ssh 2>/dev/null || systemctl reload sshd';

const makeFile = shellScript('ssh/scripts/make-host-key.sh', ['file', 'one_time']);
const activateScript = shellScript('ssh/scripts/activate-host-key.sh', ['file', 'reload']);

/**
 * Has the machine replace the host key that it was given (and that the cloud's metadata showed) by one that it makes
 * itself. Returns a session under the new key, or the same session when there is nothing to do.
 *
 * A crash at any point loses nothing: the new key is made beside the old one, its public part is saved as the pin's
 * `next` before the machine switches, and either of the two is accepted until a connection has shown which is in force.
 * @throws SshError
 */
export async function ensureOwnHostKey(
  session: Session,
  target: SshTarget,
  options: RotateOptions = {},
): Promise<Session> {
  const pin = await target.pin.read();
  if (pin.own) return session;
  const file = options.hostKeyFile ?? HOST_KEY_FILE;
  const { signal } = options;
  const made = await session.run(makeScript(file, pin.current), {
    what: 'make a host key of its own',
    signal,
  });
  const next = made.trim();
  if (!next.startsWith('ssh-ed25519 ')) {
    throw new SshError(
      'exit',
      session.host,
      `${target.what}: ssh-keygen made no ed25519 key: ${next.slice(0, 200)}`,
    );
  }
  if (!sameKey(next, session.hostKey)) await target.pin.save({ current: pin.current, next, seen: true });
  await session.run(activateScript({ file, reload: options.reload ?? RELOAD }), {
    what: 'switch to its own host key',
    signal,
  });
  return verify(session, target, next, signal);
}

/** Until sshd has read its keys again it shows the old one: "not yet". The old session ends only after that. */
async function verify(
  session: Session,
  target: SshTarget,
  next: string,
  signal: AbortSignal | undefined,
): Promise<Session> {
  let proven: PinnedHostKey = { current: next, seen: false, own: true };
  const onlyNext = {
    read: async () => proven,
    save: async (pin: PinnedHostKey) => {
      proven = pin;
    },
  };
  const fresh = await connect({ ...target, pin: onlyNext }, { timeoutMs: 30_000, signal });
  try {
    await target.pin.save({ current: next, seen: true, own: true });
  } catch (error) {
    fresh.close();
    throw error;
  }
  session.close();
  return fresh;
}

/** The key itself is compared, not its comment. */
function makeScript(file: string, oneTime: string): string {
  const [type, key] = oneTime.split(' ');
  return makeFile({ file, one_time: `${type} ${key}` });
}
