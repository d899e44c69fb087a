/** From the most to the least telling. etcd's console log has its level in a column, klog (Kubernetes) as a first letter. */
const TELLING: readonly RegExp[] = [
  /^panic:|\tfatal\t|\bFATAL\b|^F\d{4} /,
  /^Error: |^error: |\tpanic\t/,
  /\terror\t|^E\d{4} /,
  /\b(?:failed|cannot|refused|denied|no such|not found|mismatch)\b/i,
];

/** The one line of a log that says why its program ended: the last of the most telling kind; else the last. Empty of an empty log. */
export function tellingLine(log: string): string {
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  for (const kind of TELLING) {
    const found = lines.findLast((line) => kind.test(line));
    if (found) return found.trim();
  }
  return lines.at(-1)?.trim() ?? '';
}
