import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { ArtifactError } from '../errors.ts';

/** An archive of container images that was looked into before anything was made of it. */
export interface ImageArchive {
  readonly path: string;
  readonly bytes: number;
  readonly images: readonly {
    /** "registry.example.org/echo:1" */
    readonly name: string;
    /** Of the image's manifest or index; null where the archive does not say it (`docker save` of old). */
    readonly digest: string | null;
  }[];
}

const MOST_BYTES = 2 ** 31 - 1;

const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/);
const descriptor = z.object({ digest, annotations: z.record(z.string(), z.string()).optional() });
const indexSchema = z.object({ schemaVersion: z.literal(2), manifests: z.array(descriptor).min(1) });
const manifestSchema = z.object({ config: z.object({ digest }), layers: z.array(z.object({ digest })) });
const dockerSchema = z
  .array(
    z.object({ Config: z.string(), RepoTags: z.array(z.string()).nullable(), Layers: z.array(z.string()) }),
  )
  .min(1);

/**
 * Reads an archive of images (an OCI layout or what `docker save` writes, also gzipped) far enough to know that every image in it is
 * named and whole; layers are not hashed, containerd does that.
 * @throws ArtifactError of kind usage, which names the file and what is wrong with it.
 */
export async function readImageArchive(path: string): Promise<ImageArchive> {
  const refuse = (why: string): ArtifactError =>
    new ArtifactError('usage', `${path} is no archive of container images: ${why}`, {
      advice: 'Give an OCI layout in a tar file, or what `docker save` or `ctr images export` wrote.',
    });
  try {
    const { size } = await stat(path);
    // It is sent as a whole, out of memory.
    if (size >= MOST_BYTES)
      throw new Error('it has 2 GiB or more, which haup cannot send: make several of it');
    const entries = await readTar(path);
    const index = entries.get('index.json')?.content;
    const images = index
      ? fromLayout(JSON.parse(index.toString()), entries)
      : fromDocker(JSON.parse(needed(entries, 'manifest.json').toString()), entries);
    return { path, bytes: size, images };
  } catch (error) {
    if (error instanceof z.ZodError)
      throw refuse(`its index says ${error.issues[0]?.path.join('.')}: ${error.issues[0]?.message}`);
    if (error instanceof SyntaxError) throw refuse('its index is not JSON');
    throw refuse((error as Error).message);
  }
}

interface Entry {
  /** Null for what is larger than any index or manifest. */
  readonly content: Buffer | null;
}

type Entries = ReadonlyMap<string, Entry>;

function fromLayout(value: unknown, entries: Entries): ImageArchive['images'] {
  return indexSchema.parse(value).manifests.map(({ digest, annotations }) => {
    const name =
      annotations?.['io.containerd.image.name'] ?? annotations?.['org.opencontainers.image.ref.name'];
    if (name === undefined || !/[/:]/.test(name))
      throw new Error(`the image ${digest.slice(0, 19)}… has no name (annotation io.containerd.image.name)`);
    checkManifest(digest, name, entries);
    return { name, digest };
  });
}

/** An index may name manifests for other processors, whose blobs an export leaves out; one of them must be whole. */
function checkManifest(digest: string, name: string, entries: Entries): void {
  const content = blobOf(digest, entries);
  if (!content) throw new Error(`${name} lacks its manifest ${digest.slice(0, 19)}…`);
  if (`sha256:${createHash('sha256').update(content).digest('hex')}` !== digest)
    throw new Error(`the manifest of ${name} is damaged`);
  const value: unknown = JSON.parse(content.toString());
  const index = indexSchema.safeParse(value);
  if (index.success) {
    const here = index.data.manifests.filter((one) => blobOf(one.digest, entries));
    if (here.length === 0) throw new Error(`${name} lacks the manifests of all its platforms`);
    for (const one of here) checkManifest(one.digest, name, entries);
    return;
  }
  const { config, layers } = manifestSchema.parse(value);
  for (const { digest: needs } of [config, ...layers])
    if (!entries.has(blobPath(needs))) throw new Error(`${name} lacks the blob ${needs.slice(0, 19)}…`);
}

function fromDocker(value: unknown, entries: Entries): ImageArchive['images'] {
  return dockerSchema.parse(value).flatMap(({ Config, RepoTags, Layers }) => {
    if (!RepoTags?.length) throw new Error('an image in it has no name');
    for (const file of [Config, ...Layers])
      if (!entries.has(file)) throw new Error(`${RepoTags[0]} lacks ${file}`);
    return RepoTags.map((name) => ({ name, digest: null }));
  });
}

function blobPath(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}

function blobOf(digest: string, entries: Entries): Buffer | null {
  return entries.get(blobPath(digest))?.content ?? null;
}

function needed(entries: Entries, name: string): Buffer {
  const content = entries.get(name)?.content;
  if (content) return content;
  throw new Error('it holds neither index.json nor manifest.json');
}

const BLOCK = 512;
const SMALL = 1 << 20;

/** The names in a tar archive, gzipped or not, and the contents of its small files. */
async function readTar(path: string): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  let buffer: Buffer = Buffer.alloc(0);
  let entry: { name: string; size: number; parts: Buffer[]; left: number } | null = null;
  const finish = (): void => {
    if (!entry) return;
    const { name, size, parts } = entry;
    entries.set(name, { content: size <= SMALL ? Buffer.concat(parts).subarray(0, size) : null });
    entry = null;
  };
  for await (const chunk of await openArchive(path)) {
    buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk]);
    for (;;) {
      if (entry) {
        const part = buffer.subarray(0, entry.left);
        if (entry.size <= SMALL) entry.parts.push(part);
        entry.left -= part.length;
        buffer = buffer.subarray(part.length);
        if (entry.left > 0) break;
        finish();
      }
      if (buffer.length < BLOCK) break;
      const header = buffer.subarray(0, BLOCK);
      buffer = buffer.subarray(BLOCK);
      if (header.every((byte) => byte === 0)) continue;
      const { name, size } = parseHeader(header);
      entry = { name, size, parts: [], left: Math.ceil(size / BLOCK) * BLOCK };
      if (entry.left === 0) finish();
    }
  }
  if (entry) throw new Error('it ends early');
  if (entries.size === 0) throw new Error('it is empty');
  return entries;
}

async function openArchive(path: string): Promise<AsyncIterable<Buffer>> {
  const file = await open(path);
  const magic = Buffer.alloc(2);
  try {
    await file.read(magic, 0, 2, 0);
  } finally {
    await file.close();
  }
  const stream = createReadStream(path);
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) return stream;
  const plain = createGunzip();
  stream.on('error', (error) => plain.destroy(error));
  return stream.pipe(plain);
}

function parseHeader(header: Buffer): { name: string; size: number } {
  const text = (offset: number, length: number): string =>
    header
      .toString('latin1', offset, offset + length)
      .replace(/\0.*$/s, '')
      .trim();
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  if (Number.parseInt(text(148, 8), 8) !== sum) throw new Error('it is not a tar file');
  const size = Number.parseInt(text(124, 12) || '0', 8);
  if (Number.isNaN(size)) throw new Error('it is not a tar file');
  const prefix = text(257, 5) === 'ustar' ? text(345, 155) : '';
  return { name: `${prefix && `${prefix}/`}${text(0, 100)}`.replace(/^\.\//, ''), size };
}
