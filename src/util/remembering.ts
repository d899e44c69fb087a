/** A function of texts, and of nothing that changes, that remembers what it has made of the `many` last ones: what is asked about again is mostly the same text. */
export function remembering<T>(many: number, make: (text: string) => T): (text: string) => T {
  const made = new Map<string, T>();
  return (text) => {
    const known = made.has(text) ? made.get(text)! : make(text);
    // The last place is that of the youngest.
    made.delete(text);
    made.set(text, known);
    if (made.size > many) made.delete(made.keys().next().value!);
    return known;
  };
}
