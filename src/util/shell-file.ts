import { readFileSync } from 'node:fs';

/**
 * The text of a shell script of ours. The built command has them all in itself: there scripts/build.mjs puts another file in the
 * place of this one.
 * @param path below src: `replicas/scripts/stop.sh`.
 */
export function shellFile(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
}
