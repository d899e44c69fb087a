import { Failure } from '../util/failure.ts';

/** What etcd's refusal means to whoever asked; `words` of the error keep etcd's own. */
export type EtcdErrorKind =
  /** The strict reconfiguration check: voters are down, or have been connected for less than 5 s. Wait, ask again. */
  | 'unhealthy-cluster'
  /** The learner has not caught up with the leader. Ask again. */
  | 'learner-not-ready'
  /** As many learners as `--max-learners` allows exist already. */
  | 'too-many-learners'
  | 'member-not-found'
  /** The member is a voter already. */
  | 'not-a-learner'
  /** Another member has this peer address. */
  | 'peer-exists'
  /** Only the leader can do this, and the member asked is not the leader. */
  | 'not-leader'
  /** An election is going on, or the quorum is lost. */
  | 'no-leader'
  /** No answer in time. The change may or may not have been made. */
  | 'timeout'
  /** No connection to the member, or it broke. The change may or may not have been made. */
  | 'unreachable'
  | 'other';

/** A call of etcd's failed. */
export class EtcdError extends Failure {
  override readonly name = 'EtcdError';
  readonly failure = 'trouble';
  readonly kind: EtcdErrorKind;
  /** etcd's own words, or the transport's. */
  readonly words: string;

  constructor(kind: EtcdErrorKind, member: string, doing: string, words: string, cause?: unknown) {
    super(`etcd on ${member}: could not ${doing}: ${words}`, { cause });
    this.kind = kind;
    this.words = words;
  }
}

/** etcd's texts (api/v3rpc/rpctypes/error.go) are what distinguishes them: several share one gRPC code. */
const TEXTS: readonly (readonly [string, EtcdErrorKind])[] = [
  ['unhealthy cluster', 'unhealthy-cluster'],
  ['not enough started members', 'unhealthy-cluster'],
  ['in sync with leader', 'learner-not-ready'],
  ['too many learner members', 'too-many-learners'],
  ['can only promote a learner member', 'not-a-learner'],
  ['member not found', 'member-not-found'],
  ['Peer URLs already exists', 'peer-exists'],
  ['member ID already exist', 'peer-exists'],
  ['not leader', 'not-leader'],
  ['no leader', 'no-leader'],
  ['leader changed', 'no-leader'],
  ['request timed out', 'timeout'],
  ['server stopped', 'unreachable'],
];

/** The kind of an answer that is an error, by etcd's words. `in sync` stands before `can only promote`, which it contains. */
export function kindOf(words: string): EtcdErrorKind {
  return TEXTS.find(([text]) => words.includes(text))?.[1] ?? 'other';
}
