import ts from 'typescript';

/** One change of one condition, which some test has to notice. */
export interface Mutant {
  readonly id: number;
  readonly file: string;
  readonly line: number;
  /** The expression, and what it becomes. */
  readonly was: string;
  readonly becomes: string;
}

const NEGATED = new Map([
  [ts.SyntaxKind.EqualsEqualsEqualsToken, '!=='],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, '==='],
  [ts.SyntaxKind.LessThanToken, '>='],
  [ts.SyntaxKind.LessThanEqualsToken, '>'],
  [ts.SyntaxKind.GreaterThanToken, '<='],
  [ts.SyntaxKind.GreaterThanEqualsToken, '<'],
]);
const BOUNDARY = new Map([
  [ts.SyntaxKind.LessThanToken, '<='],
  [ts.SyntaxKind.LessThanEqualsToken, '<'],
  [ts.SyntaxKind.GreaterThanToken, '>='],
  [ts.SyntaxKind.GreaterThanEqualsToken, '>'],
]);
const SWAPPED = new Map([
  ['some', 'every'],
  ['every', 'some'],
]);
const LONGEST = 90;

/**
 * The source with every mutant in it, one of which `globalThis.mutant` switches on: conditions that are always or never so, halves
 * of && and || left out, ! left out, comparisons turned round and moved by one, filters left out, some for every.
 * @param firstId of the file's mutants; they are numbered on.
 */
export function instrument(
  source: string,
  file: string,
  firstId: number,
): { readonly code: string; readonly mutants: readonly Mutant[] } {
  const root = ts.createSourceFile(file, source, ts.ScriptTarget.ESNext, true);
  const mutants: Mutant[] = [];

  /** `code`, or one of the others when its mutant is on. */
  function choose(node: ts.Node, code: string, others: readonly { code: string; becomes: string }[]): string {
    const branches = others.map(({ code: other, becomes }) => {
      const id = firstId + mutants.length;
      const line = root.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      mutants.push({ id, file, line, was: short(node.getText()), becomes: short(becomes) });
      return `globalThis.mutant === ${id} ? (${other}) : `;
    });
    return branches.length === 0 ? code : `(${branches.join('')}(${code}))`;
  }

  function render(node: ts.Node): string {
    const code = mutated(node, plain(node));
    if (!isCondition(node)) return code;
    return choose(node, code, [
      { code: 'true', becomes: 'true' },
      { code: 'false', becomes: 'false' },
    ]);
  }

  /** The node's own text, with what is in it rendered. */
  function plain(node: ts.Node): string {
    let text = '';
    let at = node.getStart();
    ts.forEachChild(node, (child) => {
      text += source.slice(at, child.getStart()) + (ts.isTypeNode(child) ? child.getText() : render(child));
      at = child.end;
    });
    return text + source.slice(at, node.end);
  }

  function mutated(node: ts.Node, code: string): string {
    if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken)
      return choose(node, code, [{ code: node.operand.getText(), becomes: node.operand.getText() }]);
    if (ts.isBinaryExpression(node)) {
      const { left, right, operatorToken } = node;
      const isLogical =
        operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken ||
        operatorToken.kind === ts.SyntaxKind.BarBarToken;
      if (isLogical)
        return choose(node, code, [
          { code: left.getText(), becomes: left.getText() },
          { code: right.getText(), becomes: right.getText() },
        ]);
      const others = [NEGATED, BOUNDARY].flatMap((table) => table.get(operatorToken.kind) ?? []);
      return choose(
        node,
        code,
        others.map((operator) => {
          const other = `${left.getText()} ${operator} ${right.getText()}`;
          return { code: other, becomes: other };
        }),
      );
    }
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const { name, expression } = node.expression;
      const whole = expression.getText();
      const given = node.arguments.map((argument) => argument.getText()).join(', ');
      const swapped = SWAPPED.get(name.text);
      if (name.text === 'filter') return choose(node, code, [{ code: whole, becomes: whole }]);
      if (swapped && !node.expression.questionDotToken) {
        const other = `${whole}.${swapped}(${given})`;
        return choose(node, code, [{ code: other, becomes: other }]);
      }
    }
    return code;
  }

  const code = plain(root);
  return { code, mutants };
}

function isCondition(node: ts.Node): boolean {
  const { parent } = node;
  if (!parent) return false;
  if (ts.isIfStatement(parent) || ts.isWhileStatement(parent)) return parent.expression === node;
  return ts.isConditionalExpression(parent) && parent.condition === node;
}

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}
