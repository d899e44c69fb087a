import type { ApiObject } from './object.ts';

/**
 * What is known of a member. `ready`: it answers, and its objects have been seen. `lost`: it has not answered for so long that it counts
 * as gone. `unseen`: neither, so that nothing is known of it and nothing is decided because of it.
 */
export type MemberState = 'ready' | 'lost' | 'unseen';

/** One member, as far as it concerns one object. */
export interface Sight {
  readonly cluster: string;
  readonly state: MemberState;
  /** What the federation has there; as it was last seen, of a member that is lost. */
  readonly object: ApiObject | null;
  /** It has no part of the object that was not seen: all of the kind has been read there, or the object is younger. Absent: so it is. */
  readonly known?: boolean;
  /** The object's namespace is there, and stays. */
  readonly namespace: boolean;
  /** An autoscaler leads its replicas there; null: nobody knows. Absent: none. */
  readonly scaled?: boolean | null;
  /** What the last apply made of it: the form's digest, and the object's version thereafter. */
  readonly applied: { readonly digest: string; readonly resourceVersion: string } | null;
}
