import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type ArchiveEntry, archive } from '../../util/host/archive.ts';
import type { Architecture } from '../sources.ts';

/** A container image, as {@link imageArchive} writes it. */
export interface Image {
  /** With its tag, as pods name it: "registry.example.org/echo:1". */
  readonly name: string;
  readonly architecture: Architecture;
  /** Tar archives that make the root file system, the lowest first. See {@link imageLayer}. */
  readonly layers: readonly Buffer[];
  readonly entrypoint?: readonly string[];
  /** What the entrypoint gets, or what runs where there is none. */
  readonly command?: readonly string[];
  /** "1000:1000"; root unless given. */
  readonly user?: string;
  readonly environment?: readonly string[];
}

export interface LayerFile {
  /** Absolute. */
  readonly path: string;
  readonly content: Buffer | string;
  readonly mode: number;
}

/** A layer of files of root's, with the folders above them. The same files make the same bytes. */
export function imageLayer(files: readonly LayerFile[]): Buffer {
  const folders = new Set(
    files.flatMap(({ path }) => {
      const parts = path.slice(1).split('/').slice(0, -1);
      return parts.map((_, index) => `${parts.slice(0, index + 1).join('/')}/`);
    }),
  );
  const entry = (path: string, content: Buffer | string, mode: number): ArchiveEntry => ({
    path,
    content,
    mode,
    owner: 'root',
  });
  return archive([
    ...[...folders].sort().map((folder) => entry(folder, '', 0o755)),
    ...files.map(({ path, content, mode }) => entry(path.slice(1), content, mode)),
  ]);
}

const OCI = 'application/vnd.oci.image';

/**
 * An OCI image layout as a tar archive (github.com/opencontainers/image-spec, image-layout.md), which containerd imports under the
 * images' names. No date is in it: the same images make the same bytes, as long as zlib compresses alike. What several images have in
 * common (the same buffer) is in it once.
 */
export function imageArchive(...images: readonly Image[]): Buffer {
  const compressed = new Map<Buffer, Blob>();
  for (const layer of images.flatMap(({ layers }) => layers))
    if (!compressed.has(layer)) compressed.set(layer, blob(gzipSync(layer, { level: 6 })));
  const blobs = new Map<string, Blob>();
  const keep = (one: Blob): Blob => {
    blobs.set(one.digest, one);
    return one;
  };
  const manifests = images.map((image) => {
    const config = keep(configOf(image));
    const layers = image.layers.map((layer) => keep(compressed.get(layer)!));
    const manifest = keep(
      json({
        schemaVersion: 2,
        mediaType: `${OCI}.manifest.v1+json`,
        config: { mediaType: `${OCI}.config.v1+json`, digest: config.digest, size: config.content.length },
        layers: layers.map(({ digest, content }) => ({
          mediaType: `${OCI}.layer.v1.tar+gzip`,
          digest,
          size: content.length,
        })),
      }),
    );
    return {
      mediaType: `${OCI}.manifest.v1+json`,
      digest: manifest.digest,
      size: manifest.content.length,
      platform: { architecture: image.architecture, os: 'linux' },
      annotations: {
        // The first is what containerd goes by, the second what the layout's specification knows.
        'io.containerd.image.name': image.name,
        'org.opencontainers.image.ref.name': image.name.replace(/^.*:/, ''),
      },
    };
  });
  const index = json({ schemaVersion: 2, mediaType: `${OCI}.index.v1+json`, manifests });
  const file = (path: string, content: Buffer | string): ArchiveEntry => ({
    path,
    content,
    mode: path.endsWith('/') ? 0o755 : 0o644,
    owner: 'root',
  });
  return archive([
    file('oci-layout', '{"imageLayoutVersion":"1.0.0"}'),
    file('index.json', index.content),
    file('blobs/', ''),
    file('blobs/sha256/', ''),
    ...[...blobs.values()].map(({ digest, content }) => file(`blobs/${digest.replace(':', '/')}`, content)),
  ]);
}

function configOf({ architecture, layers, entrypoint, command, user, environment }: Image): Blob {
  return json({
    architecture,
    os: 'linux',
    config: {
      ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
      ...(command === undefined ? {} : { Cmd: command }),
      Env: environment ?? ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      WorkingDir: '/',
      ...(user === undefined ? {} : { User: user }),
    },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => blob(layer).digest) },
  });
}

interface Blob {
  readonly digest: string;
  readonly content: Buffer;
}

function blob(content: Buffer): Blob {
  return { digest: `sha256:${createHash('sha256').update(content).digest('hex')}`, content };
}

function json(value: unknown): Blob {
  return blob(Buffer.from(JSON.stringify(value)));
}
