/** What can take another's place, each by itself, in the order of the command line's. */
export const ROTATED = [
  'ca',
  'kubelet-signing',
  'front-proxy',
  'etcd-ca',
  'service-account',
  'encryption',
  'ssh',
] as const;

export type Rotated = (typeof ROTATED)[number];

/**
 * `rest`: one is at work. `both`: two are believed, the old one signs. `new`: the new one signs, both are believed. `shown`: the new one
 * also signs what API servers show to clients. After that the old one is believed by nobody.
 */
export type Phase = 'rest' | 'both' | 'new' | 'shown';

/** What a phase is, in words. */
export const PHASES: Readonly<Record<Phase, string>> = {
  rest: 'the new one alone is believed',
  both: 'old and new are believed, the old one is at work',
  new: 'the new one is at work, the old one is still believed',
  shown: 'the new one is at work and shown to clients, the old one is still believed',
};
