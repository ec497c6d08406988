// What an operation left on its node: the reports of its steps, and from when to when it worked there.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isFlipStep } from '../../../src/api/steps.ts';
import { type StepResult, stepReportSchema } from '../../../src/api/step-result.ts';
import type { E2eNode } from '../cluster/connect.ts';

export function operationFolder({ root }: E2eNode, operation: string): string {
  return path.join(root, 'var/lib/refit', operation);
}

/** In the order in which they began. */
export function hostReports(node: E2eNode, operation: string): StepResult[] {
  const folder = operationFolder(node, operation);
  const found = globSync('*.json', { cwd: folder }).flatMap((name) => {
    const report = stepReportSchema.safeParse(JSON.parse(readFileSync(path.join(folder, name), 'utf8')));
    return report.success ? [report.data.result] : [];
  });
  return found.sort((a, b) => begin(a) - begin(b));
}

/** From the begin of the first to the end of the last; 0: there are none. Pure. */
export function spanSeconds(results: readonly StepResult[]): number {
  if (results.length === 0) return 0;
  const ends = results.map((result) => begin(result) + result.durationSeconds * 1000);
  return (Math.max(...ends) - Math.min(...results.map(begin))) / 1000;
}

/** `others`: results of steps that left no report on the node. Pure. */
export function timesOf(reports: readonly StepResult[], others: readonly StepResult[] = []) {
  const all = [...others, ...reports];
  return {
    hostSeconds: spanSeconds(reports),
    flipSeconds: spanSeconds(flipResults(reports)),
    steps: Object.fromEntries(all.map(({ step, durationSeconds }) => [step, durationSeconds])),
  };
}

/** Of the list that the node does by itself: a drain that it waits for in between has no report there. Pure. */
export function flipResults(results: readonly StepResult[]): StepResult[] {
  return results.filter(({ step }) => isFlipStep(step));
}

function begin({ startedAt }: StepResult): number {
  return Date.parse(startedAt);
}
