/** `v1.37.1` and its like. Pure. */
function parts(version: string): [number, number, number] {
  const [, major, minor, patch] = /^v?(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  return [Number(major), Number(minor), Number(patch)];
}

/** Less than 0: `a` is older. */
export function compareVersions(a: string, b: string): number {
  const [x, y] = [parts(a), parts(b)];
  const at = x.findIndex((part, index) => part !== y[index]);
  return at < 0 ? 0 : x[at]! - y[at]!;
}

/** 37 of v1.37.1. */
export function minorOf(version: string): number {
  return parts(version)[1];
}
