// Boolean expressions as Argo's `depends` writes them. Pure.
import { badInput } from '../../api/errors.ts';

const TOKEN = /\s*(\|\||&&|[!()]|[A-Za-z0-9][-A-Za-z0-9_.]*)/y;

export interface Tokens {
  peek(): string | undefined;
  take(): string | undefined;
}

/**
 * The value of an expression of `||`, `&&`, `!` and parentheses; `operand` reads and judges what stands between them.
 * Everything is read, also what cannot change the result, so that a mistake shows at once. Errors: BadInput.
 */
export function evaluateBoolean(text: string, field: string, operand: (tokens: Tokens) => boolean): boolean {
  const tokens = reader(tokenize(text, field));
  const expect = (expected: string | undefined): void => {
    if (tokens.take() !== expected) throw badInput(field, text, 'a complete boolean expression');
  };
  function or(): boolean {
    let value = and();
    while (tokens.peek() === '||') {
      tokens.take();
      value = and() || value;
    }
    return value;
  }
  function and(): boolean {
    let value = not();
    while (tokens.peek() === '&&') {
      tokens.take();
      value = not() && value;
    }
    return value;
  }
  function not(): boolean {
    if (tokens.peek() === '!') {
      tokens.take();
      return !not();
    }
    if (tokens.peek() !== '(') return operand(tokens);
    tokens.take();
    const value = or();
    expect(')');
    return value;
  }
  const value = or();
  expect(undefined);
  return value;
}

function tokenize(text: string, field: string): string[] {
  const tokens: string[] = [];
  const end = text.trimEnd().length;
  for (TOKEN.lastIndex = 0; TOKEN.lastIndex < end;) {
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) throw badInput(field, text, "names, &&, ||, ! and '( )'");
    tokens.push(token);
  }
  return tokens;
}

function reader(tokens: readonly string[]): Tokens {
  let position = 0;
  return { peek: () => tokens[position], take: () => tokens[position++] };
}
