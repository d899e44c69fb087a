import { shellScript } from '../ssh/script.ts';
import type { Architecture, Download } from './sources.ts';
import type { Sums } from './sums.ts';

/** What `uname -m` calls a machine that runs these executables; 32-bit systems on the same processors say otherwise. */
const MACHINES: Readonly<Record<Architecture, string>> = { amd64: 'x86_64', arm64: 'aarch64' };

const script = shellScript('artifacts/scripts/download.sh', ['folder', 'protocols', 'machines', 'downloads']);

/**
 * A POSIX sh script with which a machine downloads the executables itself, those for its own processor: only the machine knows
 * for certain what it is, whatever its type and its image are called. It fetches all files side by side, takes an
 * interrupted one up where it broke, verifies each by the SHA-256 that the script itself carries, and installs it only then, 0755, so that an executable in
 * `folder` is always a whole one. Run again, it fetches only what is not there or not what was verified; two at once wait for
 * each other. It needs curl, tar, gzip, sha256sum and flock; it exits 0 only if everything is in place, and says on standard
 * error which file failed and why.
 * @param sums of all of `downloads`.
 * @param options.folder absolute path on the machine.
 * @param options.insecure plain http is taken too; otherwise curl refuses it, also where a redirect leads.
 */
export function downloadScript(
  downloads: Readonly<Partial<Record<Architecture, readonly Download[]>>>,
  sums: Sums,
  options: { readonly folder?: string; readonly insecure?: boolean } = {},
): string {
  const { folder = '/opt/haup/bin', insecure = false } = options;
  const lines = Object.entries(downloads).flatMap(([architecture, files]) =>
    files.map((file) => lineOf(MACHINES[architecture as Architecture], file, sums)),
  );
  return script({
    folder,
    protocols: insecure ? 'http,https' : 'https',
    machines: Object.keys(downloads).join(' and '),
    downloads: lines.join('\n'),
  });
}

/** `MACHINE KEY SHA256 URL BINARY…`; a binary that is in an archive is `NAME=MEMBER`. */
function lineOf(machine: string, { key, url, binaries }: Download, sums: Sums): string {
  const sum = sums[url];
  if (sum === undefined) throw new Error(`no SHA-256 of ${url}`);
  const names = binaries.map(({ name, archiveMember }) =>
    archiveMember === null ? name : `${name}=${archiveMember}`,
  );
  const words = [machine, key, sum, url, ...names];
  const bad = words.find((word) => !/^[!-~]+$/.test(word));
  if (bad !== undefined) throw new Error(`not one word: ${JSON.stringify(bad)}`);
  return words.join(' ');
}
