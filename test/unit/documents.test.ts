import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { documents, root } from '../support/documents.ts';

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

function withoutCode(text: string): string {
  return text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, (span) => span.replace(/[[\]]/g, ''));
}

/** As GitHub makes them of headings. */
function anchorsOf(file: string): string[] {
  const headings = withoutCode(readFileSync(file, 'utf8')).match(/^#+ .*$/gm) ?? [];
  return headings.map((heading) =>
    heading
      .replace(/^#+ /, '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\- _]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe.each(documents)('%s', (file, text) => {
  it('has no link that leads nowhere', () => {
    const links = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
    const broken = links.filter((link) => {
      const [path = '', anchor] = link.split('#');
      if (path.includes(':')) return false;
      const target = path ? join(root, dirname(file), path) : join(root, file);
      if (!existsSync(target)) return true;
      return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  it('names no script of npm and no file that is not there', () => {
    const run = [...text.matchAll(/npm run ([\w:-]+)/g)].flatMap(([, name = '']) =>
      name in scripts ? [] : [name],
    );
    const named = text.match(/(?<![\w/.])(?:src|test|scripts|addons|docs)\/[\w@-][\w./@-]*[\w@-]/g) ?? [];
    const absent = named.filter((path) => !path.includes('NAME') && !existsSync(join(root, path)));
    expect([...run, ...absent]).toEqual([]);
  });
});
