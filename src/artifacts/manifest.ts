import { chmod, readFile, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../util/files.ts';
import { sha256OfFile } from './hash.ts';
import { type AnyRelease, programsOf, type Role, roleOf } from './sources.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const manifestSchema = z.object({
  format: z.literal(1),
  kubernetesVersion: z.string(),
  /** Of a master's folder. */
  etcdVersion: z.string().optional(),
  arch: z.string(),
  provenance: z.object({
    kind: z.enum(['official release', 'mirror', 'built from Go modules']),
    /** The URL, or the Go version and the build script's SHA-256. */
    detail: z.string(),
  }),
  installed: z.iso.datetime(),
  binaries: z.record(z.string(), z.object({ sha256, size: z.int(), mtimeMs: z.number() })),
});

/** What is in a folder of the cache, and where it came from: the manifest.json beside the executables. */
export type Manifest = z.infer<typeof manifestSchema>;
export type Provenance = Manifest['provenance'];

const FILE = 'manifest.json';

/** Hashes the executables of a folder and writes its manifest. */
export async function writeManifest(
  folder: string,
  release: AnyRelease,
  provenance: Provenance,
): Promise<Manifest> {
  const binaries = {} as Manifest['binaries'];
  await Promise.all(
    programsOf(roleOf(release)).map(async (name) => {
      await chmod(join(folder, name), 0o755); // whatever the umask was when they were made
      binaries[name] = { sha256: await sha256OfFile(join(folder, name)), ...(await look(folder, name)) };
    }),
  );
  const { kubernetesVersion, arch } = release;
  const installed = new Date().toISOString();
  const manifest: Manifest = {
    format: 1,
    kubernetesVersion,
    ...('etcdVersion' in release ? { etcdVersion: release.etcdVersion } : {}),
    arch,
    provenance,
    installed,
    binaries,
  };
  await replaceFile(join(folder, FILE), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o644 });
  return manifest;
}

/**
 * Checks a folder of the cache against its manifest. A master's executables are 330 MB, which take a second to hash, so a file whose
 * size and time of change are those of its installation passes; one that differs in either is hashed.
 * @returns the manifest, or in words what is wrong with the folder. Null where there is no such folder.
 */
export async function checkFolder(folder: string, role: Role): Promise<Manifest | string | null> {
  try {
    const { mode } = await stat(folder);
    if ((mode & 0o022) !== 0) return 'others can write to it';
  } catch {
    return null;
  }
  const manifest = await readManifest(folder);
  if (manifest === null) return `${FILE} is missing or is not one that this haup wrote`;
  const faults = await Promise.all(
    programsOf(role).map((name) => faultOf(folder, name, manifest.binaries[name])),
  );
  return faults.find((fault) => fault !== null) ?? manifest;
}

/**
 * What a folder that an older haup has made lacks of a role's programs, where everything else in it is as it was installed. Empty
 * where it lacks nothing, or cannot be trusted.
 */
export async function lacking(folder: string, role: Role): Promise<readonly string[]> {
  const manifest = await readManifest(folder);
  if (manifest === null) return [];
  const missing = programsOf(role).filter((name) => !manifest.binaries[name]);
  const kept = programsOf(role).filter((name) => !missing.includes(name));
  const faults = await Promise.all(kept.map((name) => faultOf(folder, name, manifest.binaries[name])));
  return faults.every((fault) => fault === null) ? missing : [];
}

async function readManifest(folder: string): Promise<Manifest | null> {
  try {
    return manifestSchema.parse(JSON.parse(await readFile(join(folder, FILE), 'utf8')));
  } catch {
    return null;
  }
}

async function faultOf(
  folder: string,
  name: string,
  recorded: Manifest['binaries'][string] | undefined,
): Promise<string | null> {
  if (!recorded) return `${FILE} does not know ${name}`;
  try {
    const { mode } = await stat(join(folder, name));
    if ((mode & 0o022) !== 0) return `${name} can be written by others`;
    const now = await look(folder, name);
    if (now.size === recorded.size && now.mtimeMs === recorded.mtimeMs) return null;
    const path = join(folder, name);
    if ((await sha256OfFile(path)) !== recorded.sha256) return `${name} is not what was installed`;
    // Best effort, so that the next use need not hash it again: the cache may belong to another user.
    await utimes(path, new Date(), new Date(recorded.mtimeMs)).catch(() => {});
    return null;
  } catch (error) {
    return `${name} cannot be read: ${(error as Error).message}`;
  }
}

async function look(folder: string, name: string): Promise<{ size: number; mtimeMs: number }> {
  const { size, mtimeMs } = await stat(join(folder, name));
  return { size, mtimeMs: Math.floor(mtimeMs) };
}
