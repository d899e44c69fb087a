import type { LockOwner } from './errors.ts';
import type { Lock } from './lock.ts';

/** What cannot be observed and so must be kept: each cluster's spec with its revision, and its secrets. */
export interface Store<T> {
  /** The clusters' names, sorted. */
  list(): Promise<string[]>;
  /** null when there is no such cluster. */
  read(cluster: string): Promise<Stored<T> | null>;
  /**
   * Makes the cluster with its first secrets: all of it or nothing. Returns its revision, which is 1 unless it comes from
   * another store. @throws StoreError `exists`
   */
  create(
    cluster: string,
    value: T,
    secrets?: Readonly<Record<string, string>>,
    revision?: number,
  ): Promise<number>;
  /**
   * Replaces the value if nobody else did since it was read; returns the new revision.
   * @throws StoreError `conflict`, `missing`
   */
  save(cluster: string, value: T, expectedRevision: number): Promise<number>;
  /** Removes the cluster and its secrets. Nothing to remove is no error. */
  remove(cluster: string): Promise<void>;
  secrets(cluster: string): Secrets;
  /**
   * Takes the cluster's lock, which needs no cluster yet; then clears away what crashed runs have left.
   * `doing` is what others will read, like `haup create`. @throws BusyError
   */
  lock(cluster: string, options: { readonly doing: string }): Promise<Lock>;
  /** Who has the cluster's lock now, and may still live; null: nobody. */
  holder(cluster: string): Promise<LockOwner | null>;
}

export interface Stored<T> {
  readonly value: T;
  /** 1 at first, one more with each save. */
  readonly revision: number;
}

/** Texts (PEM, keys) by name; names are like `authorities` or `ssh-operator.key`. */
export interface Secrets {
  /** All of them, by name. */
  all(): Promise<Readonly<Record<string, string>>>;
  get(name: string): Promise<string | null>;
  put(name: string, text: string): Promise<void>;
  /** Nothing to remove is no error. */
  remove(name: string): Promise<void>;
  /** Returns what is stored afterwards, ours or that of whoever was first. */
  putIfAbsent(name: string, text: string): Promise<string>;
}
