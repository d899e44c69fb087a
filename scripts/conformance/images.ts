import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Image, imageArchive, imageLayer, type LayerFile } from '../../src/artifacts/images/layout.ts';
import type { Architecture } from '../../src/artifacts/sources.ts';
import { exec } from '../../src/util/exec.ts';

const ROOTFS = fileURLToPath(new URL('rootfs.sh', import.meta.url));
const SHELL = '/bin/sh';

export interface Parts {
  /** Where agnhost, nnp and sample-apiserver are. */
  readonly programs: string;
  /** test/images of Kubernetes' module. */
  readonly sources: string;
  readonly etcd: string;
  /** The archive of the pause image, which agnhost's own registry serves. */
  readonly pause: string;
  readonly architecture: Architecture;
  /** An empty folder to work in. */
  readonly work: string;
}

/**
 * An archive of those of the images that can be made of Debian packages and of Kubernetes' own sources, under the names that the specs use.
 * @param names all images that the specs may run, as e2e.test lists them; those that nobody here can make are left out.
 */
export async function conformanceImages(names: readonly string[], parts: Parts): Promise<Buffer> {
  const recipes = await makeRecipes(parts);
  const images = names.flatMap((name): Image[] => {
    const recipe = recipes[/^registry\.k8s\.io\/(?:e2e-test-images\/)?([a-z-]+):/.exec(name)?.[1] ?? ''];
    return recipe ? [{ name, architecture: parts.architecture, ...recipe }] : [];
  });
  return imageArchive(...images);
}

type Made = Omit<Image, 'name' | 'architecture'>;

async function makeRecipes({ programs, sources, etcd, pause, work }: Parts): Promise<Record<string, Made>> {
  const served = await registry(join(work, 'registry'), pause);
  const tools = await rootfs(join(work, 'tools'), { ...TOOLS, ...served }, TOOLS_PACKAGES, [
    ['agnhost', 'agnhost-2'],
  ]);
  // One spec wants the words of busybox's shell at /bin/sh; others find `sh` by the path, and want variables of names like "data-1" kept.
  const busybox = await rootfs(
    join(work, 'busybox'),
    {},
    ['bash'],
    [
      ['busybox', 'usr/bin/sh'],
      ['/usr/bin/bash', 'usr/local/bin/sh'],
    ],
  );
  const nginx = await rootfs(join(work, 'nginx'), NGINX, ['bash', 'coreutils', 'nginx']);
  const file = async (path: string, from: string, mode = 0o644): Promise<LayerFile> => ({
    path,
    content: await readFile(from),
    mode,
  });
  const agnhost = imageLayer([
    await file('/agnhost', join(programs, 'agnhost'), 0o755),
    await file('/localhost.crt', join(sources, 'agnhost/porter/localhost.crt')),
    await file('/localhost.key', join(sources, 'agnhost/porter/localhost.key')),
  ]);
  const picture = async (which: string): Promise<Buffer> =>
    imageLayer([
      await file(`/${which}.jpg`, join(sources, which, `html/${which}.jpg`)),
      await file('/data.json', join(sources, which, 'html/data.json')),
    ]);
  const webserver = async (which: string): Promise<Made> => ({
    layers: [tools, agnhost, await picture(which)],
    entrypoint: ['/agnhost'],
    command: ['test-webserver'],
  });
  const nnp = imageLayer([await file('/usr/local/bin/nnp', join(programs, 'nnp'), 0o6755)]);
  return {
    agnhost: { layers: [tools, agnhost], entrypoint: ['/agnhost'], command: ['pause'] },
    kitten: await webserver('kitten'),
    nautilus: await webserver('nautilus'),
    'glibc-dns-testing': { layers: [tools], command: [SHELL] },
    busybox: { layers: [busybox], command: [SHELL] },
    nonewprivs: { layers: [busybox, nnp], command: ['nnp'] },
    nginx: { layers: [nginx], command: ['nginx', '-g', 'daemon off;'] },
    'sample-apiserver': {
      layers: [
        busybox,
        imageLayer([await file('/sample-apiserver', join(programs, 'sample-apiserver'), 0o755)]),
      ],
      entrypoint: ['/sample-apiserver'],
    },
    etcd: {
      layers: [busybox, imageLayer([await file('/usr/local/bin/etcd', etcd, 0o755)])],
      command: ['/usr/local/bin/etcd'],
    },
  };
}

const TOOLS_PACKAGES = [
  ...['bash', 'bind9-dnsutils', 'coreutils', 'curl', 'hostname', 'iperf', 'iproute2', 'libc-bin'],
  ...['netcat-openbsd', 'socat', 'util-linux'],
];
/** A spec about groups expects this user and this group in agnhost. */
const TOOLS = {
  'etc/passwd':
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n' +
    'user-defined-in-image:x:1000:1000::/home:/bin/sh\n',
  'etc/group':
    'root:x:0:\nnogroup:x:65534:\nuser-defined-in-image:x:1000:\ngroup-defined-in-image:x:50000:user-defined-in-image\n',
  'uploads/.keep': '',
};
const NGINX = {
  'etc/nginx/nginx.conf': `user nobody nogroup;
worker_processes 1;
error_log /dev/stderr;
pid /run/nginx.pid;
events {}
http {
  include mime.types;
  access_log /dev/stdout;
  server {
    listen 80;
    root /usr/share/nginx/html;
  }
}
`,
};

async function rootfs(
  work: string,
  files: Readonly<Record<string, string | Buffer>>,
  packages: readonly string[],
  links: readonly (readonly [string, string])[] = [],
): Promise<Buffer> {
  await mkdir(work, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(work, path, '..'), { recursive: true });
    await writeFile(join(work, path), content, { mode: 0o644 });
  }
  for (const [target, path] of links) {
    await mkdir(join(work, path, '..'), { recursive: true });
    await symlink(target, join(work, path));
  }
  await exec('bash', [ROOTFS, `${work}.tar`, work, ...packages]);
  return readFile(`${work}.tar`);
}

/** What `agnhost fake-registry-server` serves: the pause image as pause:testing. */
async function registry(work: string, archive: string): Promise<Record<string, string | Buffer>> {
  await mkdir(work);
  await exec('tar', ['-xf', archive, '-C', work]);
  const [{ digest }] = JSON.parse(await readFile(join(work, 'index.json'), 'utf8')).manifests;
  const files: Record<string, string | Buffer> = { 'var/registry/pause/manifests/testing': digest };
  for (const hash of await readdir(join(work, 'blobs/sha256'))) {
    const kind = digest.endsWith(hash) ? 'manifests' : 'blobs';
    const path = `var/registry/pause/${kind}/sha256/${hash.slice(0, 2)}/${hash}/data`;
    files[path] = await readFile(join(work, 'blobs/sha256', hash));
  }
  return files;
}
