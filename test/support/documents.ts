import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { filesBelow } from './files-below.ts';

export const root = new URL('../..', import.meta.url).pathname;

/** What users and contributors read: each page by its path in the repository, and its text. */
export const documents: readonly (readonly [file: string, text: string])[] = [
  ...['README.md', 'CONTRIBUTING.md'].map((file) => join(root, file)),
  ...filesBelow(join(root, 'docs')).filter((file) => file.endsWith('.md')),
].map((file) => [relative(root, file), readFileSync(file, 'utf8')]);
