/** One place that apt fetches packages from. */
export interface AptSource {
  readonly uri: string;
  readonly suite: string;
  readonly components: readonly string[];
  /** A keyring file, when the source names one. */
  readonly signedBy: string | null;
}

/** The enabled `deb` entries of a one-line-style `sources.list`. See sources.list(5). */
export function parseSourcesList(text: string): AptSource[] {
  const sources: AptSource[] = [];
  for (const raw of text.split('\n')) {
    const line = raw.replace(/#.*/, '').trim();
    const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)((?:\s+\S+)*)$/.exec(line);
    if (!match) continue;
    const [, options = '', uri = '', suite = '', components = ''] = match;
    const signedBy = /(?:^|\s)signed-by=(\/\S+)/i.exec(options)?.[1] ?? null;
    sources.push({ uri, suite, components: words(components), signedBy });
  }
  return sources;
}

/** The enabled `deb` entries of a deb822-style `.sources` file. */
export function parseDeb822(text: string): AptSource[] {
  return text
    .split(/\n\s*\n/)
    .map(fields)
    .filter(
      (stanza) => words(stanza.get('types')).includes('deb') && !/^no$/i.test(stanza.get('enabled') ?? ''),
    )
    .flatMap((stanza) => {
      const signedBy = words(stanza.get('signed-by')).find((word) => word.startsWith('/')) ?? null;
      const components = words(stanza.get('components'));
      return words(stanza.get('uris')).flatMap((uri) =>
        words(stanza.get('suites')).map((suite) => ({ uri, suite, components, signedBy })),
      );
    });
}

/**
 * `sources` with the archives that a list of mirrors names in the list's place, as Debian's cloud images have it:
 * `mirror+file:/etc/apt/mirrors/debian.list`. See apt-transport-mirror(1).
 * @param read a file's text, null when there is none.
 */
export async function withMirrorLists(
  sources: readonly AptSource[],
  read: (path: string) => Promise<string | null>,
): Promise<AptSource[]> {
  const all = sources.map(async (source) => {
    const path = /^mirror\+file:(?:\/\/)?(\/[^/].*)$/.exec(source.uri)?.[1];
    if (path === undefined) return [source];
    const lines = ((await read(path)) ?? '').split('\n').map((line) => words(line.replace(/#.*/, ''))[0]);
    return lines.flatMap((uri) => (uri === undefined ? [] : [{ ...source, uri }]));
  });
  return (await Promise.all(all)).flat();
}

/**
 * The mirrors among `sources` that may hold another Debian release: archives with a `main` component whose suite is a
 * plain release (not `x-security`, whose archive holds only updates). Those that serve the host's own release
 * (`codename`) come first; others' archives may look alike. Without repetition.
 */
export function debianMirrors(sources: readonly AptSource[], codename = ''): AptSource[] {
  const mirrors = new Map<string, AptSource>();
  const own = (source: AptSource) => (source.suite === codename ? 0 : 1);
  for (const source of sources.toSorted((a, b) => own(a) - own(b))) {
    if (!/^[a-z]+$/.test(source.suite) || !source.components.includes('main')) continue;
    if (!/^(https?|file):/.test(source.uri)) continue;
    const uri = source.uri.replace(/\/+$/, '');
    if (!mirrors.has(uri)) mirrors.set(uri, { ...source, uri });
  }
  return [...mirrors.values()];
}

function fields(stanza: string): Map<string, string> {
  const found = new Map<string, string>();
  let last = '';
  for (const line of stanza.split('\n')) {
    if (line.startsWith('#')) continue;
    const match = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
    if (match) {
      last = match[1]!.toLowerCase();
      found.set(last, match[2]!);
    } else if (last && /^\s/.test(line)) {
      found.set(last, `${found.get(last)}\n${line.trim()}`);
    }
  }
  return found;
}

function words(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}
