// How a plan looks to a person. Pure.
import type { HookResponse } from '../api/hooks.ts';
import type { JsonValue } from '../api/json.ts';
import { digest } from '../plan/redact.ts';
import type { Decision, Difference, PlannedStep } from '../plan/types.ts';
import { paint, type Paint } from './io.ts';
import { hanging } from './text.ts';

/** The contract of `-o json`. */
export interface PlanOutput extends Pick<Decision, 'decision' | 'reason' | 'differences' | 'steps'> {
  /** Exactly what Cluster API would be answered; its patches hold the new values in clear (base64). */
  response: HookResponse;
}

/** Fits a terminal of 80 columns, but for names that are longer. */
export function planTable(output: PlanOutput, hasColour: boolean): string {
  const style = paint(hasColour);
  const { decision, differences, steps } = output;
  const sections = [headline(output, style)];
  if (differences.length > 0) {
    const lines = differences.flatMap((difference) => differenceLines(difference, style));
    sections.push([style.bold('DIFFERENCES'), ...lines].join('\n'));
  }
  if (steps.length > 0) {
    const only = decision === 'accept' ? '' : ' that the claimed differences would need';
    sections.push(
      [style.bold('STEPS') + only, ...steps.map((step, index) => stepLine(step, index, style))].join('\n'),
    );
  }
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
  const colour = { accept: style.green, block: style.red, replace: style.yellow, reject: style.red }[
    decision
  ];
  const meaning = {
    accept: 'Refit updates the machine in place',
    block: 'Refit refuses; Cluster API keeps the machine and waits',
    replace: 'Cluster API replaces the machine',
    reject: 'the request cannot be followed',
  }[decision];
  return `${style.bold('DECISION')}  ${colour(decision)}: ${meaning}\n${hanging('          ', reason)}`;
}

function differenceLines({ object, path, from, to, verdict, reason }: Difference, style: Paint): string[] {
  const mark = verdict === 'claimed' ? style.green('claimed  ') : style.red('uncovered');
  const indent = ' '.repeat(13);
  return [
    `  ${mark}  ${object} ${path}`,
    hanging(indent, change(from, to)),
    hanging(indent, reason, style.dim),
  ];
}

function stepLine({ name, group, disruptive, reason }: PlannedStep, index: number, style: Paint): string {
  const heading = `${String(index + 1).padStart(3)}  ${name.padEnd(11)}${group.padEnd(7)}`;
  const disturbs = (disruptive ? 'disturbs' : '').padEnd(10);
  const lines = hanging(heading + disturbs, reason, style.dim);
  return disruptive ? lines.replace(disturbs, style.yellow(disturbs)) : lines;
}

/** Of lists of texts only what comes and goes. */
function change(from: JsonValue | undefined, to: JsonValue | undefined): string {
  if (!isTexts(from) || !isTexts(to)) return `${shown(from)} -> ${shown(to)}`;
  const added = to.filter((item) => !from.includes(item)).map((item) => `+ ${shown(item)}`);
  const removed = from.filter((item) => !to.includes(item)).map((item) => `- ${shown(item)}`);
  return [...removed, ...added].join(', ') || 'another order';
}

function isTexts(value: JsonValue | undefined): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
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
  return text.length <= 120 ? text : `${text.slice(0, 117)}...`;
}
