/**
 * Why nobody could look inside; none of them says what is inside. `other-key`: it shows another SSH host key than the one that
 * is pinned. `not-run`: it let us in and ran something else. `forbidden`: its sshd's settings. `no-answer`: what it said was no
 * complete answer.
 */
export type LookFailure =
  | 'nothing'
  | 'no-sshd'
  | 'no-greeting'
  | 'slow'
  | 'no-entry'
  | 'not-run'
  | 'forbidden'
  | 'no-answer'
  | 'other-key'
  | 'unknown';
