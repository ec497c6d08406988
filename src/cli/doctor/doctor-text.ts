// Findings for people: in a terminal at most 80 columns, in a pipe one line each. Pure.
import { paint, type Io, type Paint } from '../io.ts';
import { hanging, WIDTH } from '../text.ts';
import type { Finding, Level } from './finding.ts';

const LEVEL_WIDTH = 7;
const CHECK_WIDTH = 16;

type Screen = Pick<Io, 'isTerminal' | 'hasColour'>;

export function doctorText(findings: readonly Finding[], { isTerminal, hasColour }: Screen): string {
  const style = paint(hasColour);
  const lines = findings.map((finding) => line(finding, style, isTerminal ? WIDTH : Infinity));
  return `${[...lines, '', summary(findings)].join('\n')}\n`;
}

/** `error   Cluster API       what is wrong -> what to do` */
function line({ level, check, message, remedy }: Finding, style: Paint, width: number): string {
  const heading = `${level.padEnd(LEVEL_WIDTH)}  ${check.padEnd(CHECK_WIDTH)}  `;
  const text = remedy === undefined ? message : `${message} -> ${remedy}`;
  return hanging(heading, text, String, width).replace(level, colours(style)[level](level));
}

function summary(findings: readonly Finding[]): string {
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  const [errors, warnings, unknown] = [count('error'), count('warning'), count('unknown')];
  if (errors + warnings + unknown === 0) return 'All is well.';
  return `errors: ${errors}, warnings: ${warnings}, not seen: ${unknown}`;
}

function colours(style: Paint): Record<Level, (text: string) => string> {
  return { error: style.red, warning: style.yellow, unknown: style.yellow, ok: style.green };
}
