// The texts of refusals in a source file: `…` where a value is put in.
import ts from 'typescript';
import * as labels from '../../src/api/labels.ts';

const VALUE = '…';
const SAYING = ['StatusError', 'forbidden', 'uncovered', 'wait'];
/** Functions that return a text. */
const RETURNING = /Refusal$|^noRecipe$/;

/**
 * `saying`: functions whose first argument is the text, or variables that hold it; those of a field and what it should be are
 * found, too.
 */
export function refusalsIn(source: string, file: string, saying: readonly string[] = SAYING): string[] {
  const tree = ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  visit(tree);
  // Nothing but values: what somebody else has said.
  return [...new Set(found)].filter((text) => /[a-z]{3}/i.test(text));

  function visit(node: ts.Node): void {
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) found.push(...said(node));
    if (ts.isFunctionDeclaration(node) && RETURNING.test(node.name?.text ?? ''))
      found.push(...returned(node));
    if (ts.isVariableDeclaration(node) && saying.includes(node.name.getText()) && node.initializer)
      found.push(...texts(node.initializer));
    ts.forEachChild(node, visit);
  }

  function said({ expression, arguments: given }: ts.CallExpression | ts.NewExpression): string[] {
    const name = ts.isIdentifier(expression) ? expression.text : '';
    const [first, , third] = given ?? [];
    if (first === undefined) return [];
    if (saying.includes(name)) return texts(first);
    if (!saying.includes('StatusError')) return [];
    if (name !== 'badInput' || third === undefined) return [];
    return texts(first).flatMap((field) =>
      texts(third).map((expected) => `${field}: got ${VALUE}, expected ${expected}`),
    );
  }

  function returned(node: ts.Node): string[] {
    if (ts.isReturnStatement(node)) return node.expression ? branches(node.expression) : [];
    const inside: string[] = [];
    ts.forEachChild(node, (child) => void inside.push(...returned(child)));
    return inside;
  }

  function branches(node: ts.Expression): string[] {
    if (ts.isConditionalExpression(node)) return [...branches(node.whenTrue), ...branches(node.whenFalse)];
    if (ts.isBinaryExpression(node) && node.operatorToken.kind !== ts.SyntaxKind.PlusToken)
      return branches(node.right);
    return ts.isIdentifier(node) || ts.isCallExpression(node) ? [] : texts(node);
  }

  /** What the expression may be; a constant of this file is followed. */
  function texts(node: ts.Expression): string[] {
    if (ts.isIdentifier(node)) {
      const value = declared(node.text);
      return value === undefined ? [shown(node)] : branches(value);
    }
    if (ts.isConditionalExpression(node)) return [...texts(node.whenTrue), ...texts(node.whenFalse)];
    return [shown(node)];
  }

  function declared(name: string): ts.Expression | undefined {
    let value: ts.Expression | undefined;
    const look = (node: ts.Node): void => {
      if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.name.text === name)
        value ??= node.initializer;
      ts.forEachChild(node, look);
    };
    look(tree);
    return value;
  }

  function shown(node: ts.Expression): string {
    if (ts.isStringLiteralLike(node)) return node.text;
    if (ts.isTemplateExpression(node)) {
      return (
        node.head.text + node.templateSpans.map((span) => shown(span.expression) + span.literal.text).join('')
      );
    }
    if (ts.isBinaryExpression(node)) return shown(node.left) + shown(node.right);
    const known = ts.isIdentifier(node) ? (labels as Record<string, string>)[node.text] : undefined;
    return known ?? VALUE;
  }
}
