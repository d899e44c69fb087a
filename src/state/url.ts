import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The default store's address for a HAUP_HOME, whatever characters that has; a relative one is below the working folder. */
export function storeUrl(home: string): string {
  return pathToFileURL(join(home, 'clusters')).href;
}
