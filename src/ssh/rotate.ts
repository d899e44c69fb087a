import { connect, type SshTarget } from './connect.ts';
import { SshError } from './errors.ts';
import type { PinnedHostKey } from './hostkey.ts';
import { sameKey } from './keys.ts';
import { shellQuote } from './quote.ts';
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
  await session.run(activateScript(file, options.reload ?? RELOAD), {
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

/**
 * Makes the new key beside the old one, unless an earlier run did, and prints its public part. A key in place that is
 * not the one-time key was put there by an earlier run that was cut off before sshd had read it: that one it is, then.
 */
function makeScript(file: string, oneTime: string): string {
  const [type, key] = oneTime.split(' ');
  return `set -eu
umask 077
f=${shellQuote(file)}
active=$(ssh-keygen -y -P '' -f "$f")
case "$active " in
${shellQuote(`${type} ${key} `)}*) ;;
*) echo "$active"; exit 0 ;;
esac
if ! ssh-keygen -y -P '' -f "$f.haup-next" >/dev/null 2>&1; then
  rm -f -- "$f.haup-next" "$f.haup-next.pub"
  ssh-keygen -q -t ed25519 -N '' -C 'made by this machine' -f "$f.haup-next" </dev/null
fi
sync -- "$f.haup-next"
ssh-keygen -y -P '' -f "$f.haup-next"`;
}

/** The private part decides; the public file is only for people. */
function activateScript(file: string, reload: string): string {
  return `set -eu
f=${shellQuote(file)}
if [ -e "$f.haup-next" ]; then mv -fT -- "$f.haup-next" "$f"; fi
ssh-keygen -y -P '' -f "$f" >"$f.pub.haup-next"
chmod 644 "$f.pub.haup-next"
mv -fT -- "$f.pub.haup-next" "$f.pub"
rm -f -- "$f.haup-next.pub"
sync -- "$(dirname -- "$f")"
${reload}`;
}
