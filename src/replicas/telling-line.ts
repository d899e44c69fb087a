/** From the most to the least telling. etcd's console log has its level in a column, klog (Kubernetes) as a first letter. */
const TELLING: readonly RegExp[] = [
  /^panic:|\tfatal\t|\bFATAL\b|^F\d{4} /,
  /^Error: |^error: |\tpanic\t/,
  /\terror\t|^E\d{4} /,
  /\b(?:failed|cannot|refused|denied|no such|not found|mismatch)\b/i,
];

/** What systemd says of any program that ends: never why. */
const SYSTEMD = /^Failed to start |^\S+\.service: (?:Failed with result|Scheduled restart job|Start request)/;

/** The one line of a log that says why its program ended: the last of the most telling kind; else the last. Empty of an empty log. */
export function tellingLine(log: string): string {
  const all = log.split('\n').filter((line) => line.trim() !== '');
  const own = all.filter((line) => !SYSTEMD.test(line));
  const lines = own.length > 0 ? own : all;
  for (const kind of TELLING) {
    const found = lines.findLast((line) => kind.test(line));
    if (found) return found.trim();
  }
  return lines.at(-1)?.trim() ?? '';
}
