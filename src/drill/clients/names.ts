/** Who uses the API during a drill. */
export const apiClientNames = ['reads', 'writes', 'kept-alive', 'watch'] as const;

/** And who uses what runs on the cluster's nodes, where there is somebody to ask. */
export const clientNames = [...apiClientNames, 'workload'] as const;

export type ClientName = (typeof clientNames)[number];

/** Something of each client that there is. */
export type PerClient<T> = Readonly<Record<(typeof apiClientNames)[number], T>> & {
  readonly workload?: T | undefined;
};

/** The same clients, in the order of their names; no key for who is not there. */
export function perClient<T, U>(all: PerClient<T>, of: (one: T, name: ClientName) => U): PerClient<U> {
  const there = clientNames.flatMap((name) => {
    const one = all[name];
    return one === undefined ? [] : [[name, of(one, name)] as const];
  });
  return Object.fromEntries(there) as unknown as PerClient<U>;
}
