import { homedir } from 'node:os';
import type { Variables } from '../variables.ts';

/** The user's home folder; null for a user without HOME and without an entry in passwd. */
export function homeFolder(env: Variables): string | null {
  try {
    return env.HOME || homedir() || null;
  } catch {
    return null; // uv_os_homedir: there is no such user
  }
}
