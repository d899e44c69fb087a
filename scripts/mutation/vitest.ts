/** What the tests of cluster/plan use of vitest, so small that all of them can be run hundreds of times in one process. */
type Body = (...args: never[]) => unknown;
export interface Registered {
  readonly name: string;
  readonly file: string | undefined;
  readonly run: () => unknown;
}

const shared = globalThis as { tests?: Registered[]; testFile?: string };
const registered = shared.tests ?? [];
let path = '';

export function test(name: string, run: () => unknown): void {
  registered.push({ name: path + name, file: shared.testFile, run });
}

export function describe(name: string, body: () => void): void {
  const outer = path;
  path += `${name} > `;
  body();
  path = outer;
}

function each(define: (name: string, body: () => never) => void) {
  return (rows: readonly unknown[]) => (name: string, body: Body) => {
    for (const row of rows)
      define(name, () => body(...((Array.isArray(row) ? row : [row]) as never[])) as never);
  };
}

test.each = each(test);
describe.each = each(describe as never);

export { test as it };
