import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** The SHA-256 of a file, as lower-case hexadecimal. File system errors as they are. */
export async function sha256OfFile(path: string): Promise<string> {
  const file = await open(path);
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (;;) {
      const { bytesRead } = await file.read(buffer);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
