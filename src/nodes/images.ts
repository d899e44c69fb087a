import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { ImageArchive } from '../artifacts/images/read.ts';
import { CONTAINERD_SOCKET } from '../kubernetes/kubelet.ts';
import type { Waiting } from '../replicas/waiting.ts';
import { shellQuote } from '../ssh/quote.ts';
import type { Session } from '../ssh/session.ts';
import { eachAtOnce } from '../util/together.ts';
import { listImages } from './start.ts';

/** What the slowest machine needs for an image of any size, and the slowest network for so many bytes of it. */
const IMPORT_TIMEOUT_MS = 300_000;
const LEAST_BYTES_PER_MS = 500;

/** What the kubelet never takes for garbage (containerd's CRI): nobody could bring it again where there is no registry. */
const PINNED = 'io.cri-containerd.pinned=pinned';

/** Images for nodes. */
export interface NodeImages extends ImageArchive {
  /** Where a machine sees the archive by itself, if it does. */
  readonly onMachine?: string | undefined;
}

/**
 * Imports images into a node's container runtime as soon as that runs; those that it has are not sent again, nor are archives that the
 * machine sees by itself.
 * @param folder of the node's programs: binariesFolder.
 * @throws ReplicaError when the runtime does not start; SshError
 */
export async function importImages(
  session: Session,
  archives: readonly NodeImages[],
  folder: string,
  waiting: Waiting = {},
): Promise<void> {
  if (archives.length === 0) return;
  const ctr = `${folder}/ctr`;
  const visible = archives.flatMap(({ onMachine }) => onMachine ?? []);
  const found = await listImages(session, ctr, visible, waiting);
  const known = parseImages(found);
  const lines = new Set(found.split('\n'));
  const importing = `${shellQuote(ctr)} --address ${CONTAINERD_SOCKET} --namespace k8s.io images import --label ${PINNED}`;
  const missing = archives.filter(
    ({ images }) => !images.every(({ name, digest }) => digest !== null && known.get(name) === digest),
  );
  // The one waits for the disk while the other is on its way.
  await eachAtOnce(waiting.signal, missing, 2, async ({ path, bytes, images, onMachine }, signal) => {
    const names = images.map(({ name }) => name).join(', ');
    waiting.progress?.(`importing ${names}`);
    // Of another cache's there may be one of its name.
    const isThere = onMachine !== undefined && lines.has(`sees ${bytes} ${onMachine}`);
    await session.run(`${importing} ${isThere ? shellQuote(onMachine) : '-'}`, {
      ...(isThere ? {} : { input: () => createReadStream(path) }),
      what: `import ${names}`,
      timeoutMs: IMPORT_TIMEOUT_MS + (await stat(path)).size / LEAST_BYTES_PER_MS,
      signal,
    });
  });
}

/** Of `ctr images list`: REF TYPE DIGEST SIZE …, a line an image. Digests by name. */
export function parseImages(output: string): Map<string, string> {
  return new Map(
    output
      .split('\n')
      .map((line) => line.split(/\s+/))
      .filter(([, , digest]) => digest?.startsWith('sha256:'))
      .map(([name, , digest]) => [name!, digest!]),
  );
}
