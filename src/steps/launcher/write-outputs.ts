import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { STEP_OUTPUTS, type StepCommand } from '../../api/commands.ts';
import type { StepEnd } from './run-step.ts';

/** One file for each output parameter. */
export async function writeOutputs(folder: string, command: StepCommand, end: StepEnd): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, value] of Object.entries(stepOutputs(command, end))) {
    await writeFile(path.join(folder, name), value);
  }
}

/** Of Argo's output parameters those that the step declares. One that is not known has Argo's default. */
export function stepOutputs(command: StepCommand, { result, outputs }: StepEnd): Record<string, string> {
  const names = STEP_OUTPUTS[command] ?? [];
  const declared = Object.entries(outputs).filter(([name]) => names.includes(name));
  return { message: result.message, result: JSON.stringify(result), ...Object.fromEntries(declared) };
}
