import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The folder that holds package.json, scripts and addons, with a slash at its end. This file and what is built of it (dist/cli) are
 * equally deep below it, which is why nobody else asks where their own file is.
 */
export const packageRoot = fileURLToPath(new URL('../../', import.meta.url));

/** `0.1.0`: which haup this is. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(`${packageRoot}package.json`, 'utf8')) as { version: string };
  return version;
}
