/** The outside world of a command: parameters, so that tests can look at what a user would see. */
export interface Io {
  /** Results: for people and for pipes. */
  out(text: string): void;
  /** Errors and progress. */
  err(text: string): void;
  /** Results go to a screen that can be drawn again. */
  isTerminal: boolean;
  hasColour: boolean;
  /** Errors and progress go to a terminal: long lines are broken there, and one line each elsewhere. */
  isErrTerminal?: boolean;
  readFile(path: string): Promise<string>;
  /** As the user called it; absent: `refit`. */
  programName?: string;
}

export type Paint = Record<'bold' | 'dim' | 'red' | 'green' | 'yellow', (text: string) => string>;

export function paint(hasColour: boolean): Paint {
  const style = (code: number) => (text: string) => (hasColour ? `\u001B[${code}m${text}\u001B[0m` : text);
  return { bold: style(1), dim: style(2), red: style(31), green: style(32), yellow: style(33) };
}
