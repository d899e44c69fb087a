import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';

/** The SHA-256 of a file, as lower-case hexadecimal. File system errors as they are. */
export async function sha256OfFile(path: string): Promise<string> {
  const file = await open(path);
  try {
    const hash = createHash('sha256');
    await hashInto(hash, file);
    return hash.digest('hex');
  } finally {
    await file.close();
  }
}

/** Adds a file's bytes to a hash, from the file's beginning, wherever its position is. Returns how many there are. */
export async function hashInto(hash: Hash, file: FileHandle): Promise<number> {
  const buffer = Buffer.allocUnsafe(1 << 20);
  for (let position = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return position;
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
}
