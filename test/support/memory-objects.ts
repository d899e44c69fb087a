import { ageOf, type Objects } from '../../src/state/bucket/objects.ts';

/** A bucket in memory, with a clock of its own that tests move; calls fail, or their replies are lost, as a test says. */
export interface MemoryBucket extends Objects {
  /** Moves the bucket's clock; milliseconds. */
  pass(ms: number): void;
  /** Of all objects, by key. */
  readonly texts: ReadonlyMap<string, string>;
}

/** What becomes of a call: it is refused before it does anything, or does its work and the reply is lost. */
export type Mishap = 'none' | 'refused' | 'reply lost';

interface Kept {
  readonly text: string;
  readonly version: string;
  readonly at: number;
}

/**
 * @param mishap asked before each call.
 * @param between awaited before each call: who else is at work goes on then.
 */
export function memoryBucket(
  mishap: (call: keyof Objects, key: string) => Mishap = () => 'none',
  between: () => Promise<unknown> = async () => {},
): MemoryBucket {
  const kept = new Map<string, Kept>();
  let now = Date.UTC(2026, 0, 1);
  let writes = 0;
  async function call<T>(name: keyof Objects, key: string, work: () => T): Promise<T> {
    await between();
    const fate = mishap(name, key);
    if (fate === 'refused') throw new Error(`the bucket is away (${name} ${key})`);
    const answer = work();
    if (fate === 'reply lost' && name !== 'put') throw new Error(`no reply (${name} ${key})`);
    // A client asks again when a put was not answered: what arrived first stands in its own way.
    return fate === 'reply lost' ? (null as T) : answer;
  }
  return {
    get: (key) =>
      call('get', key, () => {
        const found = kept.get(key);
        if (!found) return null;
        const date = (ms: number): string => new Date(ms).toUTCString();
        return { text: found.text, version: found.version, age: ageOf(date(now), date(found.at)) };
      }),
    put: (key, text, over) =>
      call('put', key, () => {
        if ((kept.get(key)?.version ?? null) !== over) return null;
        const version = String(++writes);
        kept.set(key, { text, version, at: now });
        return version;
      }),
    remove: (key) => call('remove', key, () => void kept.delete(key)),
    list: (prefix) =>
      call('list', prefix, () => [...kept.keys()].filter((key) => key.startsWith(prefix)).sort()),
    pass: (ms) => {
      now += ms;
    },
    get texts() {
      return new Map([...kept].map(([key, { text }]) => [key, text]));
    },
  };
}
