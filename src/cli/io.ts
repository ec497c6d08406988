/** The outside world of a command: parameters, so that tests can look at what a user would see. */
export interface Io {
  /** Results: for people and for pipes. */
  out(text: string): void;
  /** Errors and progress. */
  err(text: string): void;
  /** Colours are for terminals only. */
  isTerminal: boolean;
  readFile(path: string): Promise<string>;
  /** As the user called it; absent: `refit`. */
  programName?: string;
}

export type Paint = Record<'bold' | 'dim' | 'red' | 'green' | 'yellow', (text: string) => string>;

export function paint(isTerminal: boolean): Paint {
  const style = (code: number) => (text: string) => (isTerminal ? `\u001B[${code}m${text}\u001B[0m` : text);
  return { bold: style(1), dim: style(2), red: style(31), green: style(32), yellow: style(33) };
}
