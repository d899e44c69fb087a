import { getText } from './download/fetch.ts';
import { ArtifactError } from './errors.ts';
import { type Download, findChecksum } from './sources.ts';

/** SHA-256, lower-case hexadecimal, by the URL of the file. */
export type Sums = Readonly<Record<string, string>>;

/**
 * The SHA-256 of each file: the pinned one, else the one that is known already, else the one at the file's checksum URL, which is
 * asked for once each.
 * @throws ArtifactError: unreachable, not-found, insecure, or checksum where the text there has none; the signal's reason when aborted.
 */
export async function resolveSums(
  downloads: readonly Download[],
  options: {
    readonly known?: Sums;
    readonly insecure?: boolean;
    readonly signal?: AbortSignal | undefined;
  } = {},
): Promise<Sums> {
  const { known = {}, insecure = false, signal } = options;
  const texts = new Map<string, Promise<string>>();
  const ask = (url: string) => {
    const asked = texts.get(url) ?? getText(url, { signal, insecure });
    texts.set(url, asked);
    return asked;
  };
  const found = downloads.map(async (download) => {
    const { url, checksumUrl, fileName, pinned } = download;
    const sum = pinned ?? known[url] ?? findChecksum(await ask(checksumUrl), fileName);
    if (sum === null) throw new ArtifactError('checksum', `${checksumUrl} has no SHA-256 of ${fileName}`);
    return [url, sum] as const;
  });
  return Object.fromEntries(await Promise.all(found));
}
