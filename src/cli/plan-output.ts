// How a plan looks to a person. Pure.
import { createHash } from 'node:crypto';
import type { JsonValue } from '../api/json.ts';
import type { Difference, PlannedStep } from '../plan/types.ts';
import type { PlanOutput } from './commands/plan.ts';
import { paint, type Paint } from './io.ts';

export function planTable(output: PlanOutput, isTerminal: boolean): string {
  const style = paint(isTerminal);
  const sections = [headline(output, style)];
  if (output.differences.length > 0) {
    sections.push(
      [style.bold('DIFFERENCES'), ...output.differences.flatMap((d) => differenceLines(d, style))].join('\n'),
    );
  }
  if (output.steps.length > 0) sections.push(stepLines(output.steps, style));
  sections.push(`${style.bold('ANSWER')}  ${answerLine(output)}`);
  return `${sections.join('\n\n')}\n`;
}

/** The output with the contents of patches replaced by a digest: for reading, not for applying. */
export function withoutPatchContents(output: PlanOutput): unknown {
  const response = Object.fromEntries(
    Object.entries(output.response).map(([key, value]: [string, JsonValue | { patch: string }]) =>
      key.endsWith('Patch')
        ? [key, { ...(value as { patch: string }), patch: digest((value as { patch: string }).patch) }]
        : [key, value],
    ),
  );
  return { ...output, response };
}

function headline({ decision, reason }: PlanOutput, style: Paint): string {
  const colour = decision === 'accept' ? style.green : decision === 'replace' ? style.yellow : style.red;
  const meaning = {
    accept: 'Refit updates the machine in place',
    block: 'Refit refuses; Cluster API keeps the machine and waits',
    replace: 'Cluster API replaces the machine',
    reject: 'the request cannot be followed',
  }[decision];
  return `${style.bold('DECISION')}  ${colour(decision)}: ${meaning}\n          ${reason}`;
}

function differenceLines({ object, path, from, to, verdict, reason }: Difference, style: Paint): string[] {
  const mark = verdict === 'claimed' ? style.green('claimed  ') : style.red('uncovered');
  return [
    `  ${mark}  ${object} ${path}`,
    `             ${shown(from)} -> ${shown(to)}`,
    `             ${style.dim(reason)}`,
  ];
}

function stepLines(steps: readonly PlannedStep[], style: Paint): string {
  const rows = steps.map(({ name, group, disruptive, reason }, index) => {
    const number = String(index + 1).padStart(3);
    const disturbs = disruptive ? style.yellow('disturbs') : '        ';
    return `${number}  ${name.padEnd(11)}${group.padEnd(6)}${disturbs}  ${style.dim(reason)}`;
  });
  return [style.bold('STEPS'), ...rows].join('\n');
}

function answerLine({ response }: PlanOutput): string {
  const patches = Object.keys(response).filter((key) => key.endsWith('Patch'));
  const what = patches.length > 0 ? ` with ${patches.join(', ')}` : '';
  const again =
    'retryAfterSeconds' in response ? `, ask again in ${String(response.retryAfterSeconds)} s` : '';
  return `${response.status}${what}${again}`;
}

function shown(value: JsonValue | undefined): string {
  if (value === undefined) return '(absent)';
  const text = JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

function digest(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex').slice(0, 16)}`;
}
