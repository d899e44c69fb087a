import type { Secrets } from '../../src/state/store.ts';

/** A cluster's secrets, in memory. */
export function memorySecrets(): Secrets & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    all: async () => Object.fromEntries(kept),
    get: async (name) => kept.get(name) ?? null,
    put: async (name, text) => void kept.set(name, text),
    remove: async (name) => void kept.delete(name),
    putIfAbsent: async (name, text) => {
      if (!kept.has(name)) kept.set(name, text);
      return kept.get(name)!;
    },
  };
}
