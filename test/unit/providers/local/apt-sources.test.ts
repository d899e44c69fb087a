import { expect, test } from 'vitest';
import {
  debianMirrors,
  parseDeb822,
  parseSourcesList,
  withMirrorLists,
} from '../../../../src/providers/local/image/apt-sources.ts';

test('one-line sources: options, comments and other types are understood', () => {
  const text = `
# deb http://commented.example/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] http://one.example/debian/ bookworm main contrib # why
deb-src http://one.example/debian bookworm main
deb http://two.example/debian bookworm-updates main
`;
  expect(parseSourcesList(text)).toEqual([
    {
      uri: 'http://one.example/debian/',
      suite: 'bookworm',
      components: ['main', 'contrib'],
      signedBy: '/usr/share/keyrings/x.gpg',
    },
    { uri: 'http://two.example/debian', suite: 'bookworm-updates', components: ['main'], signedBy: null },
  ]);
});

test('deb822 sources: every URI with every suite, several stanzas, disabled ones left out, inline keys ignored', () => {
  const text = `Types: deb deb-src
# a comment inside
URIs: http://one.example/debian
 http://two.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://three.example/debian
Suites: bookworm
Components: main
Enabled: no

Types: deb
URIs: http://four.example/debian
Suites: bookworm
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
`;
  const sources = parseDeb822(text);
  expect(sources.map((source) => `${source.uri} ${source.suite}`)).toEqual([
    'http://one.example/debian bookworm',
    'http://one.example/debian bookworm-updates',
    'http://two.example/debian bookworm',
    'http://two.example/debian bookworm-updates',
    'http://four.example/debian bookworm',
  ]);
  expect(sources[0]?.signedBy).toBe('/usr/share/keyrings/debian-archive-keyring.gpg');
  expect(sources[4]?.signedBy).toBeNull();
});

test('only whole releases with a main component are mirrors, those of the host’s own release first, each once', () => {
  const source = (uri: string, suite: string, components = ['main']) => ({
    uri,
    suite,
    components,
    signedBy: null,
  });
  const mirrors = debianMirrors(
    [
      source('http://vendor.example/apt', 'stable'),
      source('http://security.example/debian-security', 'bookworm-security'),
      source('http://docker.example/linux', 'bookworm', ['stable']),
      source('http://one.example/debian/', 'bookworm'),
      source('http://one.example/debian', 'bookworm'),
      source('cdrom:[disk]/', 'bookworm'),
    ],
    'bookworm',
  );
  expect(mirrors.map((mirror) => mirror.uri)).toEqual([
    'http://one.example/debian',
    'http://vendor.example/apt',
  ]);
});

test('a list of mirrors stands for the archives that it names', async () => {
  const sources = parseDeb822(`Types: deb
URIs: mirror+file:///etc/apt/mirrors/debian.list
Suites: trixie trixie-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: mirror+file:/etc/apt/mirrors/gone.list http://plain.example/debian
Suites: trixie
Components: main
`);
  const list =
    '# ours\nhttps://one.example/debian\tpriority:1 type:index type:deb\n\nhttp://two.example/debian # far\n';
  const read = async (path: string) => (path === '/etc/apt/mirrors/debian.list' ? list : null);
  const mirrors = debianMirrors(await withMirrorLists(sources, read), 'trixie');
  expect(mirrors.map((mirror) => mirror.uri)).toEqual([
    'https://one.example/debian',
    'http://two.example/debian',
    'http://plain.example/debian',
  ]);
  expect(mirrors[0]?.signedBy).toBe('/usr/share/keyrings/debian-archive-keyring.gpg');
});
