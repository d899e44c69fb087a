import { Failure } from '../util/failure.ts';

export type SshErrorKind =
  /** No session within the time limit, or the machine refused the operator's key. */
  | 'unreachable'
  /** The session ended while it was in use: the command may or may not have run. */
  | 'lost'
  /** A command took longer than its time limit. */
  | 'timeout'
  /** A command ended with another exit code than 0. */
  | 'exit'
  /** The machine let us in and did not run the command: an expired password, a shell that is none. Its own words say why. */
  | 'not-run'
  /** The answer was longer than its limit: the channel was closed. */
  | 'too-long'
  /** sshd's settings do not allow it: no forwarding, no further session. */
  | 'forbidden';

/** How far the last attempt at a session got: silence, no sshd, an sshd that says nothing, one that does not finish, one that does not let us in. */
export type Reached = 'nothing' | 'no-sshd' | 'no-greeting' | 'slow' | 'no-entry';

/** Something that was tried over SSH failed. The message says where and what; it never contains a command's input. */
export class SshError extends Failure {
  override readonly name: string = 'SshError';
  readonly failure = 'trouble';
  readonly kind: SshErrorKind;
  readonly host: string;
  /** Of `unreachable`, where it is known. */
  readonly reached: Reached | undefined;

  constructor(kind: SshErrorKind, host: string, message: string, cause?: unknown, reached?: Reached) {
    super(message, { cause });
    this.kind = kind;
    this.host = host;
    this.reached = reached;
  }
}

/** A machine whose pinned host key has been seen before shows another one: another machine, or somebody in between. */
export class HostKeyError extends Failure {
  override readonly name = 'HostKeyError';
  readonly failure = 'trouble';
  readonly shown: string;
  readonly pinned: string;

  /** `shown` and `pinned` are fingerprints. */
  constructor(what: string, host: string, shown: string, pinned: string) {
    super(
      `${what} (${host}) shows the SSH host key ${shown}, but ${pinned} is pinned and has been seen there before: ` +
        'refused, this may be another machine or somebody in between',
    );
    this.shown = shown;
    this.pinned = pinned;
  }
}
