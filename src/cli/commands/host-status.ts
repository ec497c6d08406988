// `refit host status` for people: at most 80 columns. Pure.
import type { NodeStatus, OperationStatus, StepStatus } from '../../steps/operation/status.ts';
import { hanging } from '../text.ts';

const STATES: Readonly<Record<OperationStatus['state'], string>> = {
  running: 'running',
  prepared: 'prepared, nothing handed over to the node yet',
  waiting: 'waits for a fresh launch: the machine was booted before its first step',
  interrupted: 'interrupted: nothing works on it now',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
  'rolled back': 'rolled back',
};

export function statusText({ node, lock, operations, backups }: NodeStatus): string {
  const head = [
    hanging('node      ', node ?? 'unknown'),
    hanging('host lock ', lock ?? 'free'),
    hanging('backups   ', backups.join(' ') || 'none'),
  ];
  const blocks = operations.map(operationText);
  return `${[head.join('\n'), ...(blocks.length > 0 ? blocks : ['no operation'])].join('\n\n')}\n`;
}

function operationText({ operation, state, kubernetes, unit, steps }: OperationStatus): string {
  const isAtDrain = state === 'waiting' && unit === 'active';
  const facts = [
    isAtDrain ? 'waits until the node is drained' : STATES[state],
    ...(kubernetes === undefined ? [] : [`to ${kubernetes}`]),
    ...(unit === undefined ? [] : [`unit ${unit}`]),
  ];
  return [operation, hanging('  ', facts.join('; ')), ...steps.map(stepText)].join('\n');
}

function stepText(step: StepStatus): string {
  const seconds = step.seconds === undefined ? '' : `${step.seconds.toFixed(1)} s`;
  const heading = `  ${step.step.padEnd(10)}  ${step.state.padEnd(11)}  ${seconds.padStart(9)}  `;
  const text = step.state === 'running' ? since(step) : (step.message ?? '');
  return hanging(heading, text).trimEnd();
}

function since({ startedAt, watchdogAt }: StepStatus): string {
  const watched = watchdogAt === undefined ? '' : `, watchdog at ${shortTime(watchdogAt)}`;
  return `since ${shortTime(startedAt ?? '')}${watched}`;
}

/** 2026-01-01T10:00:03.123Z without the fraction. */
function shortTime(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z');
}
