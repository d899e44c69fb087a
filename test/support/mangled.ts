import fc from 'fast-check';

/** One thing that is done to an answer on its way. */
export type Damage =
  | { readonly kind: 'part'; readonly at: number; readonly how: PartDamage }
  | { readonly kind: 'cut'; readonly at: number }
  | { readonly kind: 'noise'; readonly at: number; readonly text: string }
  | { readonly kind: 'instead'; readonly text: string };

type PartDamage =
  | { readonly kind: 'missing' | 'twice' | 'as number' | 'as text' | 'wrapped' | 'huge' }
  | { readonly kind: 'value'; readonly value: unknown };

/** What other software, other people and broken ways put in the place of a value. */
const oddText = fc.constantFrom(
  '',
  ' ',
  '0',
  '-1',
  '007',
  '1e3',
  '18446744073709551616',
  'null',
  'UNKNOWN_VALUE_OF_TOMORROW',
  '__proto__',
  'constructor',
  '$(reboot)',
  'a,b=https://x',
  "'; reboot #",
  'demo\u001b[2J',
  '\u202e\u0085\u0000',
  '../../etc/passwd',
  'i-0',
  'https://[::1]:2380',
  '😀',
  'x'.repeat(70_000),
);
const oddValue = fc.oneof(
  oddText,
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 2 ** 53, [], {}, [null], [[]], { '': {} }),
  fc.jsonValue({ maxDepth: 1 }),
);
const part: fc.Arbitrary<PartDamage> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'missing' as const,
        'twice' as const,
        'as number' as const,
        'as text' as const,
        'wrapped' as const,
        'huge' as const,
      ),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('value' as const), value: oddValue }) },
);

export const damage: fc.Arbitrary<Damage> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('part' as const), at: fc.nat(), how: part }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const), at: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('noise' as const),
      at: fc.nat(),
      text: fc.oneof(oddText, fc.string()),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('instead' as const),
      text: fc.oneof(
        fc.constantFrom('', '<html>Sign in to the Wi-Fi</html>', '[]', '{}', 'null', '"x"', '7', '[[[['),
        fc.json(),
        fc.string({ unit: 'binary' }),
      ),
    }),
  },
);

/** The text of a value (JSON, but for what is text already) with damage done to parts of it first, then to the text. */
export function mangled(value: unknown, all: readonly Damage[]): string {
  const root = { answer: structuredClone(value) };
  for (const one of all) if (one.kind === 'part') damagePart(root, one.at, one.how);
  const text = typeof root.answer === 'string' ? root.answer : JSON.stringify(root.answer);
  return all.reduce(damageText, text ?? '');
}

/** The value with damage done to parts of it: for answers that a client library has parsed already. */
export function mangledValue<T>(value: T, all: readonly Damage[]): unknown {
  const root = { answer: structuredClone(value) as unknown };
  for (const one of all) if (one.kind === 'part') damagePart(root, one.at, one.how);
  return root.answer;
}

function damageText(text: string, one: Damage): string {
  const at = one.kind === 'part' || one.kind === 'instead' ? 0 : one.at % (text.length + 1);
  if (one.kind === 'cut') return text.slice(0, at);
  if (one.kind === 'noise') return text.slice(0, at) + one.text + text.slice(at);
  return one.kind === 'instead' ? one.text : text;
}

type Slot = readonly [holder: object, key: string];

function damagePart(root: object, at: number, how: PartDamage): void {
  const slots = slotsOf(root);
  if (slots.length === 0) return;
  const [holder, key] = slots[at % slots.length]!;
  const held = (holder as Record<string, unknown>)[key];
  const put = (value: unknown) => {
    (holder as Record<string, unknown>)[key] = value;
  };
  if (how.kind === 'value') put(structuredClone(how.value));
  else if (how.kind === 'missing') {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete (holder as Record<string, unknown>)[key];
  } else if (how.kind === 'twice') {
    if (Array.isArray(holder)) holder.push(structuredClone(held));
    else put([held, held]);
  } else if (how.kind === 'as number') put(Number(held));
  else if (how.kind === 'as text') put(String(held));
  else if (how.kind === 'wrapped') put({ value: held });
  else put(Array.isArray(held) ? Array(500).fill(held[0]) : 'y'.repeat(100_000));
}

function slotsOf(holder: object): Slot[] {
  return Object.entries(holder).flatMap(([key, value]): Slot[] => [
    [holder, key],
    ...(value !== null && typeof value === 'object' ? slotsOf(value as object) : []),
  ]);
}
