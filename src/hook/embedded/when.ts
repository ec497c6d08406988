// Argo's `when` and its {{references}}. Pure.
import { badInput, StatusError } from '../../api/errors.ts';
import { evaluateBoolean } from './boolean-expression.ts';

/** What a reference such as `tasks.stage.outputs.parameters.plan-sha256` stands for. */
export type Scope = ReadonlyMap<string, string>;

/** Errors: BadInput for a reference that stands for nothing (yet, or because its task was skipped). */
export function substitute(text: string, scope: Scope): string {
  return text.replaceAll(/\{\{\s*(.*?)\s*\}\}/g, (whole, name: string) => {
    const value = scope.get(name);
    if (value === undefined) {
      throw new StatusError(`${whole}: got nothing, expected a parameter or the output of a task that ran`, {
        reason: 'BadInput',
      });
    }
    return value;
  });
}

/** No condition is true. Errors: BadInput; text that is not quoted is an error, as it is for Argo. */
export function evaluateWhen(when: string | undefined, scope: Scope): boolean {
  if (when === undefined) return true;
  const text = substitute(when, scope);
  return evaluateBoolean(text, 'when', (tokens) => {
    const [left, operator, right] = [tokens.take(), tokens.take(), tokens.take()];
    const isComparison = operator === '==' || operator === '!=';
    if (!isComparison || !left?.startsWith("'") || !right?.startsWith("'")) {
      throw badInput('when', text, "comparisons like 'a' == 'b'");
    }
    return (left === right) === (operator === '==');
  });
}
