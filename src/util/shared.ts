/**
 * Answers several callers of the same question at once: whoever asks while an answer is on its way gets the next one, which
 * they all share. So every answer was found after its question was asked.
 */
export function shared<T>(ask: (about: string) => Promise<T>): (about: string) => Promise<T> {
  interface Asked {
    readonly now: Promise<T>;
    next?: Promise<T>;
  }
  const asked = new Map<string, Asked>();

  function begin(about: string): Promise<T> {
    const entry: Asked = { now: ask(about) };
    asked.set(about, entry);
    const over = (): void => {
      if (!entry.next) asked.delete(about);
    };
    entry.now.then(over, over);
    return entry.now;
  }

  return (about) => {
    const entry = asked.get(about);
    if (!entry) return begin(about);
    const then = (): Promise<T> => begin(about);
    entry.next ??= entry.now.then(then, then);
    return entry.next;
  };
}
