import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type ArchiveEntry, archive } from '../../util/archive.ts';
import type { Architecture } from '../sources.ts';

/** A container image of one layer, as {@link imageArchive} writes it. */
export interface Image {
  /** With its tag, as pods name it: "registry.example.org/echo:1". */
  readonly name: string;
  readonly architecture: Architecture;
  /** A tar archive of the root file system. See {@link imageLayer}. */
  readonly layer: Buffer;
  readonly entrypoint: readonly string[];
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
 * image's name. No date is in it: the same image makes the same bytes, as long as zlib compresses alike.
 */
export function imageArchive(image: Image): Buffer {
  const { architecture } = image;
  const layer = blob(gzipSync(image.layer, { level: 6 }));
  const config = json({
    architecture,
    os: 'linux',
    config: {
      Entrypoint: image.entrypoint,
      Env: image.environment ?? ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      WorkingDir: '/',
      ...(image.user === undefined ? {} : { User: image.user }),
    },
    rootfs: { type: 'layers', diff_ids: [blob(image.layer).digest] },
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: `${OCI}.manifest.v1+json`,
    config: { mediaType: `${OCI}.config.v1+json`, digest: config.digest, size: config.content.length },
    layers: [{ mediaType: `${OCI}.layer.v1.tar+gzip`, digest: layer.digest, size: layer.content.length }],
  });
  const index = json({
    schemaVersion: 2,
    mediaType: `${OCI}.index.v1+json`,
    manifests: [
      {
        mediaType: `${OCI}.manifest.v1+json`,
        digest: manifest.digest,
        size: manifest.content.length,
        platform: { architecture, os: 'linux' },
        annotations: {
          // The first is what containerd goes by, the second what the layout's specification knows.
          'io.containerd.image.name': image.name,
          'org.opencontainers.image.ref.name': image.name.replace(/^.*:/, ''),
        },
      },
    ],
  });
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
    ...[manifest, config, layer].map(({ digest, content }) =>
      file(`blobs/${digest.replace(':', '/')}`, content),
    ),
  ]);
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
