// As much of PromQL as our expressions need: which metrics and labels they ask for.

const FUNCTIONS = [
  ...['absent', 'histogram_quantile', 'increase', 'max_over_time', 'rate', 'time'],
  ...['max', 'min', 'sum', 'by', 'and', 'or', 'unless', 'bool'],
];

export interface Selector {
  metric: string;
  matchers: { label: string; value: string }[];
}

/** Names that begin with refit_ or process_, or are `up`. */
export function selectors(expression: string): Selector[] {
  return [...expression.matchAll(/\b(refit_\w+|process_\w+|up)\b(?:\{([^}]*)\})?/g)].map(
    ([, metric = '', inside = '']) => ({
      metric,
      matchers: [...inside.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g)].map(
        ([, label = '', value = '']) => ({
          label,
          value,
        }),
      ),
    }),
  );
}

/** Words that are neither known nor PromQL's own. */
export function unknownWords(expression: string, known: readonly string[]): string[] {
  const bare = expression.replaceAll(/"[^"]*"/g, '').replaceAll(/\[[^\]]*\]/g, '');
  const words = bare.match(/[a-zA-Z_]\w*/g) ?? [];
  return words.filter((word) => !known.includes(word) && !FUNCTIONS.includes(word));
}
