// Argo's `depends`: when a task of a DAG may start, and what the tasks make of the whole. Pure.
import { badInput } from '../../api/errors.ts';
import type { TaskPhase } from '../store.ts';
import { evaluateBoolean } from './boolean-expression.ts';

/** What can follow a task's name; a bare name stands for the first line. */
const RESULTS: Readonly<Record<string, readonly TaskPhase[]>> = {
  '': ['Succeeded', 'Skipped'],
  Succeeded: ['Succeeded'],
  Failed: ['Failed'],
  Errored: ['Error'],
  Skipped: ['Skipped'],
  Omitted: ['Omitted'],
};

export function isOver(phase: TaskPhase): boolean {
  return phase !== 'Pending' && phase !== 'Running';
}

/**
 * Like Argo, waits until every task that is named is over, even where fewer could decide; then it is run or omitted.
 * Errors: BadInput for an expression that cannot be read or that names no task of the DAG.
 */
export function decideDepends(
  depends: string | undefined,
  phases: ReadonlyMap<string, TaskPhase>,
): 'wait' | 'run' | 'omit' {
  if (depends === undefined) return 'run';
  const waits = tasksIn(depends).some((name) => !isOver(phaseOf(name, phases, depends)));
  if (waits) return 'wait';
  const isMet = evaluate(depends, (name, accepted) => accepted.includes(phaseOf(name, phases, depends)));
  return isMet ? 'run' : 'omit';
}

/** Names of the tasks in a `depends` expression. Errors: BadInput. */
export function tasksIn(depends: string): string[] {
  const names = new Set<string>();
  evaluate(depends, (name) => names.add(name).size > 0);
  return [...names];
}

/**
 * The phase of a DAG whose tasks are all over: that of its leaves, where a task that did not run has the worst of
 * those before it. So a failure that a later task deals with is none.
 */
export function dagPhase(
  tasks: readonly { name: string; depends?: string }[],
  phases: ReadonlyMap<string, TaskPhase>,
): 'Succeeded' | 'Failed' | 'Error' {
  const before = new Map(
    tasks.map(({ name, depends }) => [name, depends === undefined ? [] : tasksIn(depends)]),
  );
  const inner = new Set([...before.values()].flat());
  const branchPhase = (name: string): TaskPhase => {
    const phase = phases.get(name) ?? 'Omitted';
    return phase === 'Skipped' || phase === 'Omitted'
      ? worst((before.get(name) ?? []).map(branchPhase))
      : phase;
  };
  return worst(tasks.filter(({ name }) => !inner.has(name)).map(({ name }) => branchPhase(name)));
}

function worst(phases: readonly TaskPhase[]): 'Succeeded' | 'Failed' | 'Error' {
  if (phases.includes('Error')) return 'Error';
  return phases.includes('Failed') ? 'Failed' : 'Succeeded';
}

function evaluate(
  depends: string,
  judge: (name: string, accepted: readonly TaskPhase[]) => boolean,
): boolean {
  return evaluateBoolean(depends, 'depends', (tokens) => {
    const [name = '', result = '', ...more] = tokens.take()?.split('.') ?? [];
    const accepted = Object.hasOwn(RESULTS, result) ? RESULTS[result] : undefined;
    if (!/^[A-Za-z0-9]/.test(name) || !accepted || more.length > 0) {
      throw badInput(
        'depends',
        depends,
        `task names with ${Object.keys(RESULTS).slice(1).join(', ')} or nothing`,
      );
    }
    return judge(name, accepted);
  });
}

function phaseOf(name: string, phases: ReadonlyMap<string, TaskPhase>, depends: string): TaskPhase {
  const phase = phases.get(name);
  if (phase === undefined) throw badInput('depends', depends, `only tasks of its DAG (${name} is none)`);
  return phase;
}
