import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { commands } from '../../../src/cli/commands/index.ts';
import { packageRoot } from '../../../src/util/package-root.ts';

const COMMAND = new RegExp(`\\bhaup (${commands.map(({ name }) => name).join('|')})(?![\\w-])`);

/** The texts of a program: what it may say. Comments are none. */
function textsOf(path: string, source: string): string[] {
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) texts.push(node.text);
    if (ts.isTemplateExpression(node))
      texts.push(node.head.text + node.templateSpans.map((span) => `…${span.literal.text}`).join(''));
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, source, ts.ScriptTarget.Latest));
  return texts;
}

it('finds a command in a text, and none in a comment', () => {
  const source = 'say(`$' + '{a}, then haup repair -c $' + '{b}`); // haup create\nsay("haup was here");';
  expect(textsOf('x.ts', source).filter((text) => COMMAND.test(text))).toEqual(['…, then haup repair -c …']);
});

it('only the command line spells commands: below it a way out is data, so that it is told the cluster and the store', () => {
  const spelled = readdirSync(`${packageRoot}src`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.startsWith('cli/'))
    .map((path) => [path, readFileSync(`${packageRoot}src/${path}`, 'utf8')] as const)
    .filter(([, source]) => COMMAND.test(source))
    .flatMap(([path, source]) =>
      textsOf(path, source)
        // A name alone says who is at work, to others who meet the lock; it is no way out.
        .filter((text) => COMMAND.test(text) && !/^haup [a-z -]+$/.test(text))
        .map((text) => `${path}: ${text}`),
    );
  expect(spelled).toEqual([]);
});
